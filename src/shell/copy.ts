/** `\copy`: rows of a query or a table into a file, and of a file into a table. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Field, RecordBatchReader, Schema, Utf8 } from 'apache-arrow';
import { parse } from 'csv-parse';
import { type ColumnarBatch, rowsToBatch } from '../arrow/index.js';
import type { FlightSqlClient } from '../client/index.js';
import { messageOf, SkuaError } from '../errors.js';
import { quoteName } from '../sql/index.js';
import { encode, formatOf, type OutputFormat } from './encode.js';
import type { Progress } from './progress.js';

export interface CopyOptions {
  signal?: AbortSignal;
  progress: Progress;
}

/** `(query) to file`, `table to file` or `table from file`; the format is what the file's name ends in, or `as FORMAT`. */
const COPY = /^\s*(\(.*\)|\S+)\s+(to|from)\s+(?:'([^']+)'|(\S+))(?:\s+as\s+(\w+))?\s*;?\s*$/is;

/** What was copied, in a sentence. What can't be understood: INVALID_ARGUMENT. */
export async function copy(client: FlightSqlClient, text: string, options: CopyOptions): Promise<string> {
  const match = COPY.exec(text);
  if (match === null) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      '\\copy (query) to FILE, \\copy TABLE to FILE, or \\copy TABLE from FILE [as FORMAT]',
    );
  }
  const [, what = '', direction = '', quoted, plain, named] = match;
  const path = quoted ?? plain ?? '';
  const format = (named?.toLowerCase() as OutputFormat | undefined) ?? formatOf(path);
  if (format === undefined) throw new SkuaError('INVALID_ARGUMENT', `Say the format of ${path}: … as csv`);
  if (direction.toLowerCase() === 'to') {
    const sql = what.startsWith('(') ? what.slice(1, -1) : `SELECT * FROM ${what}`;
    return copyOut(client, sql, path, format, options);
  }
  if (what.startsWith('(')) throw new SkuaError('INVALID_ARGUMENT', 'A file is copied into a table, not into a query.');
  return copyIn(client, what, path, format, options);
}

async function copyOut(
  client: FlightSqlClient,
  sql: string,
  path: string,
  format: OutputFormat,
  { signal, progress }: CopyOptions,
): Promise<string> {
  const result = await client.execute(sql, signal === undefined ? {} : { signal });
  const file = createWriteStream(path);
  const failed = once(file, 'error').then(([error]) => {
    throw new SkuaError('INVALID_ARGUMENT', `The file ${path} can't be written: ${messageOf(error)}`);
  });
  failed.catch(() => undefined);
  try {
    for await (const piece of encode(format, result.schema, progress.watch(result.batches))) {
      if (!file.write(piece)) await Promise.race([once(file, 'drain'), failed]);
    }
    file.end();
    await Promise.race([once(file, 'finish'), failed]);
  } catch (error) {
    // A file that is cut short looks whole in some formats.
    file.destroy();
    await rm(path, { force: true });
    throw error;
  }
  return `${progress.rows.toLocaleString('en-US')} rows to ${path}`;
}

async function copyIn(
  client: FlightSqlClient,
  table: string,
  path: string,
  format: OutputFormat,
  { signal, progress }: CopyOptions,
): Promise<string> {
  const options = {
    ...(signal && { signal }),
    onProgress: (sent: { rows: number; bytes: number }) => progress.at(sent),
  };
  const target = namesOf(table);
  let rows: number;
  try {
    if (format === 'arrow') {
      const reader = await RecordBatchReader.from(createReadStream(path));
      rows = await client.ingest(target, await reader.open(), { ...options, mode: 'append' });
    } else if (format === 'csv' || format === 'tsv') rows = await copyText(client, table, path, format, options);
    else throw new SkuaError('UNIMPLEMENTED', `Files can be copied in as csv, tsv and arrow, not as ${format}.`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new SkuaError('INVALID_ARGUMENT', `There is no file ${path}.`);
  } finally {
    progress.clear();
  }
  return `${rows.toLocaleString('en-US')} rows into ${table}`;
}

/** Texts go into a temporary table first; from there the server casts them to the table's columns, in one commit. */
async function copyText(
  client: FlightSqlClient,
  table: string,
  path: string,
  format: 'csv' | 'tsv',
  options: object,
): Promise<number> {
  const parser =
    format === 'csv'
      ? // Only what is empty without quotes is null.
        parse({ bom: true, cast: (value, { quoting }) => (value === '' && !quoting ? null : value) })
      : parse({ bom: true, delimiter: '\t', quote: null, escape: null, cast: unescaped });
  const source = createReadStream(path)
    .on('error', (error) => parser.destroy(error))
    .pipe(parser);
  const records = source[Symbol.asyncIterator]() as AsyncIterator<(string | null)[]>;
  const head = await records.next().catch(unreadable);
  if (head.done === true)
    throw new SkuaError('INVALID_ARGUMENT', `The file ${path} has no line with names of columns.`);
  const names = head.value.map((name) => name ?? '');
  const schema = new Schema(names.map((name) => new Field(name, new Utf8(), true)));
  const temporary = `copied_${randomUUID().replaceAll('-', '')}`;
  const columns = names.map(quoteName).join(', ');
  await client.ingest(temporary, { schema, batches: textBatches(schema, records) }, { ...options, temporary: true });
  try {
    return await client.executeUpdate(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${temporary}`);
  } finally {
    await client.executeUpdate(`DROP TABLE ${temporary}`).catch(() => undefined);
  }
}

const BATCH_ROWS = 10_000;

async function* textBatches(schema: Schema, records: AsyncIterator<(string | null)[]>): AsyncGenerator<ColumnarBatch> {
  let rows: (string | null)[][] = [];
  for (let next = await records.next(); next.done !== true; next = await records.next().catch(unreadable)) {
    rows.push(next.value);
    if (rows.length < BATCH_ROWS) continue;
    yield rowsToBatch(schema, rows);
    rows = [];
  }
  yield rowsToBatch(schema, rows);
}

function unreadable(error: unknown): never {
  throw (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? error
    : new SkuaError('INVALID_ARGUMENT', `The file can't be read: ${messageOf(error)}`, { cause: error });
}

function unescaped(value: string): string | null {
  if (value === '\\N') return null;
  return value.replace(/\\([tnr\\])/g, (_, code: string) => ({ t: '\t', n: '\n', r: '\r' })[code] ?? '\\');
}

/** `a.b.c` as catalog, schema and table; quotes keep dots. */
function namesOf(path: string): { catalog?: string; schema?: string; table: string } {
  const names = [...path.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
  const [table = path, schema, catalog] = names.reverse();
  return { table, ...(schema === undefined ? {} : { schema }), ...(catalog === undefined ? {} : { catalog }) };
}
