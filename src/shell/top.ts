/** `skua top`: the statements that run, and the last ones that ran, drawn anew every few seconds. */
import type { FlightSqlClient, Row } from '../client/index.js';
import { truncate } from '../client/index.js';

export interface Screen {
  columns: number;
  rows: number;
}

const QUERIES = `SELECT id, user, state, coalesce(sql, statement) AS text, queued_ms, total_ms, rows, bytes, error_code
FROM system.runtime.queries ORDER BY ended IS NOT NULL, started DESC LIMIT 200`;

/** One picture: as many statements as the screen has room for. Whose: the caller's own, or everybody's for operators. */
export async function topPicture(client: FlightSqlClient, screen: Screen, signal?: AbortSignal): Promise<string> {
  const statements: Row[] = [];
  const result = await client.execute(QUERIES, signal === undefined ? {} : { signal });
  for await (const row of result.rows()) statements.push(row);
  // This very look at the list is no news.
  const shown = statements.filter(({ text }) => !String(text).includes('FROM system.runtime.queries'));
  const running = shown.filter(({ state }) => !['FINISHED', 'FAILED', 'CANCELLED'].includes(String(state)));
  const head = `${client.address}  ${new Date().toISOString().slice(0, 19)}Z  ${running.length} running, ${shown.length - running.length} past`;
  const title = line(['STATE', 'USER', 'WAITED', 'TOOK', 'ROWS', 'BYTES', 'STATEMENT']);
  const lines = shown.slice(0, Math.max(1, screen.rows - 4)).map(statementLine);
  return [head, '', title, ...lines].map((text) => truncate(text, screen.columns)).join('\n');
}

const WIDTHS = [10, 14, 9, 9, 13, 9];

function statementLine(row: Row): string {
  return line([
    row.error_code === null ? String(row.state).toLowerCase() : String(row.error_code).slice(0, 10),
    String(row.user ?? ''),
    time(row.queued_ms),
    time(row.total_ms),
    row.rows === null ? '' : Number(row.rows).toLocaleString('en-US'),
    row.bytes === null ? '' : bytes(Number(row.bytes)),
    String(row.text ?? '').replace(/\s+/g, ' '),
  ]);
}

/** The figures stand at the right edge of their columns. */
function line(cells: string[]): string {
  return cells
    .map((cell, index) => {
      const width = WIDTHS[index];
      if (width === undefined) return cell;
      return index < 2 ? truncate(cell, width).padEnd(width) : cell.padStart(width);
    })
    .join(' ');
}

function time(milliseconds: Row[string] | undefined): string {
  const value = Number(milliseconds ?? 0);
  return value < 10_000 ? `${value} ms` : `${(value / 1000).toFixed(1)} s`;
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [size, unit] = [value, 0];
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${size.toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}
