/** A row of a table in words, for errors. */
import { batchToRows } from '../../arrow/index.js';
import { quoteName, quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { Binder } from '../reading/bind.js';
import { runQuery } from '../reading/query.js';
import { schemaName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';

const MOST_COLUMNS = 5;
const MOST_CHARACTERS = 40;

/** The first columns of the row at a position of a file: `id = 5, name = 'a'`. */
export async function describeRow(
  context: StatementContext,
  table: PinnedTable,
  file: string,
  position: bigint,
): Promise<string> {
  const { catalog, namespace, name } = table.name;
  const shown = table.schema.fields.slice(0, MOST_COLUMNS);
  const columns = shown.map((field) => `CAST(${quoteName(field.name)} AS VARCHAR)`).join(', ');
  const from = [catalog, schemaName(namespace), name].map(quoteName).join('.');
  const sql = `SELECT ${columns} FROM ${from} WHERE _file = ${quoteString(file)} AND _pos = ${position}`;
  const { schema, batches } = await runQuery(context, await new Binder(context, {}, [table]).bind(sql));
  for await (const batch of batches) {
    const [row] = batchToRows(schema, batch);
    if (row) return shown.map((field, index) => `${field.name} = ${textOf(row[index])}`).join(', ');
  }
  return `row ${position} of ${file}`;
}

function textOf(value: unknown): string {
  if (value === null) return 'NULL';
  const text = String(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
