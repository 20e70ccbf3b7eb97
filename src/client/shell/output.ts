import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { toSkuaError } from '../../errors.js';
import { firstWord } from '../../sql/index.js';
import type { FlightSqlClient, QueryResult } from '../client.js';
import { arrowStream, csvText, jsonText, ndjsonText, rowCount, tableText } from '../format/index.js';
import { Progress } from './progress.js';

export const OUTPUT_FORMATS = ['table', 'csv', 'json', 'ndjson', 'arrow'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export interface Output {
  format: OutputFormat;
  /** Takes the results. */
  stdout: Writable & { isTTY?: boolean; columns?: number };
  /** Takes the progress line, and what is no result where the format has no place for it. */
  stderr: Writable & { isTTY?: boolean };
}

/** Runs one statement and writes its rows or its count as they come; memory does not grow with the result. */
export async function runStatement(
  client: FlightSqlClient,
  sql: string,
  output: Output,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const outcome = await client.run(sql, options);
  if (outcome.kind === 'update') await writeCount(countOf(sql, outcome.affectedRows), output);
  else await writeResult(outcome, output, signal);
}

/** One line for a person: `PERMISSION_DENIED: Principal 'testuser' …`. */
export function describeFailure(error: unknown): string {
  const { code, message } = toSkuaError(error);
  return `${code}: ${message}`;
}

async function writeResult(result: QueryResult, output: Output, signal: AbortSignal | undefined): Promise<void> {
  const { stdout, stderr } = output;
  const progress = new Progress(stderr.isTTY === true ? stderr : undefined);
  const stop = () => void result.cancel().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of encode(result, progress, output)) {
      if (stdout.isTTY === true) progress.clear();
      await write(stdout, piece);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function encode(
  result: QueryResult,
  progress: Progress,
  { format, stdout }: Output,
): AsyncIterable<string | Uint8Array> {
  const { schema } = result;
  const batches = progress.watch(result.batches);
  switch (format) {
    case 'table':
      return tableText(
        schema,
        batches,
        stdout.isTTY === true && stdout.columns !== undefined ? { width: stdout.columns } : {},
      );
    case 'csv':
      return csvText(schema, batches);
    case 'json':
      return jsonText(schema, batches);
    case 'ndjson':
      return ndjsonText(schema, batches);
    case 'arrow':
      return arrowStream(schema, batches);
  }
}

/** First words of statements that change no rows, for which servers count 0. CREATE TABLE AS is the one of them that may count. */
const COUNTLESS = new Set('ABORT ALTER BEGIN COMMENT COMMIT CREATE DROP END RESET ROLLBACK SET START USE'.split(' '));

/** Undefined where there is no count, or where a count says nothing. */
function countOf(sql: string, affectedRows: number): number | undefined {
  if (affectedRows > 0) return affectedRows;
  return affectedRows < 0 || COUNTLESS.has(firstWord(sql)) ? undefined : affectedRows;
}

async function writeCount(affectedRows: number | undefined, { format, stdout, stderr }: Output): Promise<void> {
  const json = `{"affected_rows": ${affectedRows ?? 'null'}}`;
  if (format === 'json') return write(stdout, `[\n  ${json}\n]\n`);
  if (format === 'ndjson') return write(stdout, `${json}\n`);
  const sentence = affectedRows === undefined ? 'OK\n' : `${rowCount(affectedRows)} affected\n`;
  return write(format === 'table' ? stdout : stderr, sentence);
}

async function write(stream: Writable, piece: string | Uint8Array): Promise<void> {
  if (!stream.write(piece)) await once(stream, 'drain');
}
