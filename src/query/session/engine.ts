/** Which engine a query asks for: by a hint in its text, or by the session. */
import type { Routing } from '../../engine/contract.js';
import { SkuaError } from '../../errors.js';
import { tokenize } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { checkEngine, chosenSetting } from './chosen-settings.js';

/** A comment `+ engine(name)` */
const HINT = /\/\*\+\s*engine\s*\(\s*"?([\w.-]+)"?\s*\)\s*\*\//i;

/** The engine that a hint of the text names. Hints are comments, so that what looks like one in a string or a name is none. */
export function hintedEngine(sql: string): string | undefined {
  if (!HINT.test(sql)) return undefined;
  const tokens = tokenize(sql);
  let end = 0;
  for (let index = 0; index <= tokens.length; index++) {
    const between = sql.slice(end, index < tokens.length ? tokens.start(index) : undefined).replaceAll(/--[^\n]*/g, '');
    const name = HINT.exec(between)?.[1];
    if (name !== undefined) return name;
    if (index < tokens.length) end = tokens.end(index);
  }
  return undefined;
}

/** Undefined where there is one engine only. A name that none has: INVALID_ARGUMENT. */
export function routingOf({ environment, call }: StatementContext, hint: string | undefined): Routing | undefined {
  if (hint !== undefined) checkEngine(environment, hint);
  if (environment.engines.length < 2) return undefined;
  if (hint !== undefined) return { engine: { name: hint, by: 'hint' } };
  const name = chosenSetting(call.session, 'engine');
  if (name === undefined) return {};
  checkEngine(environment, name);
  return { engine: { name, by: 'setting' } };
}

/** Changes run in the local engine. A hint for another one: UNIMPLEMENTED; for one that there is not: INVALID_ARGUMENT. */
export function refuseHintedChange({ environment }: StatementContext, sql: string): void {
  const name = hintedEngine(sql);
  if (name === undefined) return;
  checkEngine(environment, name);
  if (name === environment.engines[0]) return;
  throw new SkuaError('UNIMPLEMENTED', `Only queries run in engine "${name}"; changes and definitions run here`);
}

/** Whether a query asks for an engine by itself, which then has it whole. */
export function asksForEngine(context: StatementContext, hint: string | undefined): boolean {
  return routingOf(context, hint)?.engine !== undefined;
}
