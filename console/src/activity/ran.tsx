/** What the engine ran for a statement, as it told when the statement ended: rows and time of each operator. */
import type { Row } from '../../../src/client/rows.js';
import type { PlanOperator } from '../../../src/engine/contract.js';
import { OperatorTree } from '../ui/plan-tree.js';
import { shown } from '../ui/sheet.js';
import { bytesText } from '../ui/text.js';

/** `spilled`: bytes; null where the statement was not profiled. */
export function Ran({ operators, spilled }: { operators: Row[]; spilled: Row[string] | undefined }) {
  const plans = plansOf(operators);
  if (plans.length === 0) return null;
  return (
    <>
      <div class="plan operators" role="region" tabIndex={0} aria-label="What ran">
        {plans.map((plan, index) => (
          <OperatorTree key={index} plan={plan} />
        ))}
      </div>
      {Number(spilled ?? 0) > 0 && <p class="quiet">{bytesText(Number(spilled))} did not fit in memory.</p>}
    </>
  );
}

/** Operators come after the one that takes their rows. */
function plansOf(rows: Row[]): PlanOperator[] {
  const plans: PlanOperator[] = [];
  const known = new Map<string, PlanOperator>();
  const inOrder = rows.toSorted(
    (left, right) => Number(left.plan) - Number(right.plan) || Number(left.operator_id) - Number(right.operator_id),
  );
  for (const row of inOrder) {
    const node = operatorOf(row);
    known.set(`${row.plan}/${row.operator_id}`, node);
    const parent = known.get(`${row.plan}/${row.parent_id}`);
    if (parent) parent.children.push(node);
    else plans.push(node);
  }
  return plans;
}

function operatorOf({ operator, table, details, estimated_rows: estimated, rows, ms }: Row): PlanOperator {
  const lines = shown(details).split('\n');
  return {
    operator: shown(operator),
    ...(typeof table === 'string' && { table }),
    details: details === '' ? {} : Object.fromEntries(lines.map(detailIn)),
    ...(estimated !== null && { estimatedRows: Number(estimated) }),
    ...(rows !== null && { rows: Number(rows) }),
    ...(ms !== null && { seconds: Number(ms) / 1000 }),
    children: [],
  };
}

function detailIn(line: string): [string, string[]] {
  const [key, ...rest] = line.split(': ');
  return [key ?? '', [rest.join(': ')]];
}
