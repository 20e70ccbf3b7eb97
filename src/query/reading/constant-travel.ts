import { SkuaError } from '../../errors.js';
import { quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { timeZoneOf } from '../session/time-zone.js';
import type { TimeTravel } from '../tables/travel.js';
import { statementOver, valuesOf } from './bound-query.js';

/** A number or a text, with or without its type in front. */
const LITERAL = /^(?:\d+|(?:[a-z_]+\s+)?'(?:[^']|'')*')$/i;

/** A version as its number or name; a time as milliseconds since the epoch. */
const VALUE_OF = {
  version: (value: string) => `CAST(${value} AS VARCHAR)`,
  timestamp: (value: string) => `CAST(epoch_ms(CAST(${value} AS TIMESTAMPTZ)) AS VARCHAR)`,
};

/** The value of a clause that is no literal, such as `now() - INTERVAL 1 DAY`, or that hangs on the session's time zone. */
export async function constantTravel(statement: StatementContext, at: TimeTravel): Promise<TimeTravel> {
  const { environment, call } = statement;
  const isZoned = at.unit === 'timestamp' && !/^\d+$/.test(at.text) && timeZoneOf(call.session) !== undefined;
  if (LITERAL.test(at.text) && !isZoned) return at;
  const sql = `SELECT ${VALUE_OF[at.unit](`(${at.text}\n)`)} AS value`;
  const engine = await environment.engine(call);
  const { tables, parameterCount } = await engine.parser.parseQuery(sql, { statement: call.id, signal: call.signal });
  if (tables.length > 0 || parameterCount > 0) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `"${at.text}" is no constant; a version or time can't depend on tables or parameters`,
    );
  }
  const constant = statementOver(statement, sql, []);
  const [row] = await valuesOf(engine, constant, call.signal);
  const value = row?.[0];
  if (typeof value !== 'string')
    throw new SkuaError('INVALID_ARGUMENT', `"${at.text}" is null and names no version or time`);
  return { unit: at.unit, text: quoteString(value) };
}
