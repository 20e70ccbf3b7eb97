/** What users call a time zone. */
import { SkuaError } from '../../errors.js';
import { quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { statementOver, valuesOf } from '../reading/bound-query.js';

const UTC = new Set(['utc', 'etc/utc', 'etc/uct', 'uct', 'gmt', 'etc/gmt', 'z', 'zulu', 'etc/zulu', 'local']);

/**
 * The name of the IANA database for what a user calls a time zone: a name in any case, or whole hours from UTC. Short names such as `EST` are
 * given as the place that they stand for. INVALID_ARGUMENT for what is none.
 */
export async function timeZoneNamed(context: StatementContext, written: string): Promise<string> {
  const name = written.trim();
  if (UTC.has(name.toLowerCase())) return 'UTC';
  const offset = /^(?:UTC|GMT)?([+-]?)(\d{1,2})(?::?00)?$/i.exec(name);
  if (offset) return zoneOfHours(written, Number(offset[2]) * (offset[1] === '-' ? -1 : 1));
  const place = placeNamed(name);
  if (place === undefined) throw unknown(written);
  if (!name.includes('/')) return place;
  const sql = `SELECT name FROM pg_timezone_names() WHERE lower(name) = ${quoteString(name.toLowerCase())}`;
  const engine = await context.environment.engine(context.call);
  const [row] = await valuesOf(engine, statementOver(context, sql, []), context.call.signal);
  if (!row) throw unknown(written);
  return String(row[0]);
}

/** As clients know it as well. */
function placeNamed(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** The signs of these names are those of the way from there to UTC. */
function zoneOfHours(written: string, hours: number): string {
  if (hours === 0) return 'UTC';
  if (hours < -12 || hours > 14) throw unknown(written);
  return `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}

function unknown(written: string): SkuaError {
  const names = "a name such as 'Europe/Berlin', or whole hours from UTC such as '+02:00'";
  return new SkuaError('INVALID_ARGUMENT', `There is no time zone "${written}"; it is ${names}`);
}
