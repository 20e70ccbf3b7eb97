import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type FlightSqlClient, type QueryResult, rowCount } from '../client/index.js';
import { toSkuaError } from '../errors.js';
import { firstWord } from '../sql/index.js';
import { encode, type OutputFormat } from './encode.js';
import { Progress } from './progress.js';

export interface Output {
  format: OutputFormat;
  /** Takes the results. */
  stdout: Writable & { isTTY?: boolean | undefined; columns?: number | undefined };
  /** Takes the progress line, and what is no result where the format has no place for it. */
  stderr: Writable & { isTTY?: boolean | undefined };
}

/** Runs one statement and writes its rows or its count as they come; memory does not grow with the result. */
export async function runStatement(
  client: FlightSqlClient,
  sql: string,
  output: Output,
  signal?: AbortSignal,
): Promise<void> {
  const terminal = output.stderr.isTTY === true ? output.stderr : undefined;
  const progress = new Progress(terminal);
  const options = {
    ...(signal === undefined ? {} : { signal }),
    // Polling says how far a statement is; without somebody who looks it would only take time.
    ...(terminal === undefined ? {} : { onProgress: (done: number | undefined) => progress.done(done) }),
  };
  try {
    const outcome = await client.run(sql, options);
    if (outcome.kind === 'update') await writeCount(countOf(sql, outcome.affectedRows), output);
    else await writeResult(outcome, output, progress, signal);
  } finally {
    progress.clear();
  }
}

/** One line for a person: `PERMISSION_DENIED: Principal 'testuser' …`. */
export function describeFailure(error: unknown): string {
  const { code, message } = toSkuaError(error);
  return `${code}: ${message}`;
}

async function writeResult(
  result: QueryResult,
  output: Output,
  progress: Progress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { stdout } = output;
  const stop = () => void result.cancel().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const width = stdout.isTTY === true ? stdout.columns : undefined;
    for await (const piece of encode(output.format, result.schema, progress.watch(result.batches), width)) {
      if (stdout.isTTY === true) progress.clear();
      await write(stdout, piece);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
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
