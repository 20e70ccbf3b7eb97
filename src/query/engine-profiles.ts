/** What the engine tells of the statements of a session that asks for it. */
import type { BoundStatement, EngineProfile, PlanOperator } from '../engine/contract.js';
import type { Call } from './contract.js';
import { isProfiled } from './session/chosen-settings.js';

/** Plans that are kept of one statement. */
const MOST_PLANS = 8;

/** What notes the profiles of a statement. Runs of the same plan, for portions of a table or other parameters, are counted as one. */
export function profileNotes({ report, session }: Call): BoundStatement['onProfile'] {
  const { run } = report;
  if (run === undefined || !isProfiled(session)) return undefined;
  return (profile) => {
    run.profiles ??= [];
    const index = run.profiles.findIndex(({ plan }) => isAlike(plan, profile.plan));
    const known = run.profiles[index];
    if (known) run.profiles[index] = together(known, profile);
    else if (run.profiles.length < MOST_PLANS) run.profiles.push(profile);
  };
}

function together(left: EngineProfile, right: EngineProfile): EngineProfile {
  return { plan: sum(left.plan, right.plan), spilledBytes: Math.max(left.spilledBytes, right.spilledBytes) };
}

function isAlike(left: PlanOperator, right: PlanOperator): boolean {
  return (
    left.operator === right.operator &&
    left.table === right.table &&
    left.children.length === right.children.length &&
    left.children.every((child, index) => isAlike(child, right.children[index] as PlanOperator))
  );
}

/** The details are those of the first. */
function sum(left: PlanOperator, right: PlanOperator): PlanOperator {
  return {
    ...left,
    ...added(left, right, 'estimatedRows'),
    ...added(left, right, 'rows'),
    ...added(left, right, 'seconds'),
    children: left.children.map((child, index) => sum(child, right.children[index] as PlanOperator)),
  };
}

function added(left: PlanOperator, right: PlanOperator, key: 'estimatedRows' | 'rows' | 'seconds') {
  return left[key] === undefined && right[key] === undefined ? {} : { [key]: (left[key] ?? 0) + (right[key] ?? 0) };
}
