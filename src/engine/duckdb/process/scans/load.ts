import { Schema } from 'apache-arrow';
import type { ColumnarBatch } from '../../../../arrow/index.js';
import { sliceBatch } from '../../../../arrow/index.js';
import type { Connection } from '../native/database.js';
import { throwErrorData } from '../native/errors.js';
import { duckdb, inBackground } from '../native/library.js';
import { Slot } from '../native/memory.js';
import { quoteIdentifier } from '../native/text.js';
import { holds } from '../types/nested.js';
import { isVariant, sqlTypeOf } from '../types/sql-type.js';
import { fromStoredSql, isStoredOtherwise, storedField } from '../types/stored.js';
import { exportBatch, exportSchema } from './arrow-export.js';
import { checkedVariants } from './variant-check.js';

/** DuckDB takes chunks of at most this many rows. */
const chunkRows = 2048;

/** Creates a temporary table, or a view of one, and fills it with batches. `name` is without quotes. */
export async function loadTable(
  connection: Connection,
  name: string,
  schema: Schema,
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>,
): Promise<void> {
  if (!schema.fields.some(isStoredOtherwise)) return loadPlain(connection, name, schema, batches);
  const stored = `${name} as stored`;
  const checked = schema.fields.some((field) => holds(field, isVariant)) ? checkedVariants(schema, batches) : batches;
  await loadPlain(connection, stored, new Schema(schema.fields.map(storedField)), checked);
  const columns = schema.fields.map((field) => {
    const column = quoteIdentifier(field.name);
    return `${fromStoredSql(field, column)} AS ${column}`;
  });
  const select = `SELECT ${columns.join(', ')} FROM ${quoteIdentifier(stored)}`;
  await connection.execute(`CREATE TEMP VIEW ${quoteIdentifier(name)} AS ${select}`);
}

async function loadPlain(
  connection: Connection,
  name: string,
  schema: Schema,
  batches: Iterable<ColumnarBatch> | AsyncIterable<ColumnarBatch>,
): Promise<void> {
  const columns = schema.fields.map((field) => `${quoteIdentifier(field.name)} ${sqlTypeOf(field)}`);
  await connection.execute(`CREATE TEMP TABLE ${quoteIdentifier(name)} (${columns.join(', ')})`);
  const library = duckdb();
  const exported = exportSchema(schema);
  const converted = new Slot();
  throwErrorData(library.duckdb_schema_from_arrow(connection.pointer, exported.memory, converted.memory));
  const appender = new Slot();
  try {
    const state = library.duckdb_appender_create_ext(connection.pointer, 'temp', 'main', name, appender.memory);
    if (state !== 0) throwErrorData(library.duckdb_appender_error_data(appender.pointer));
    let sinceTurn = 0;
    for await (const batch of batches) {
      for (let offset = 0; offset < batch.length; offset += chunkRows) {
        const rows = Math.min(chunkRows, batch.length - offset);
        append(connection, appender, converted, schema, sliceBatch(schema, batch, offset, rows));
        if (++sinceTurn % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const flushed = await inBackground('duckdb_appender_flush', appender.pointer);
    if (flushed !== 0) throwErrorData(library.duckdb_appender_error_data(appender.pointer));
  } finally {
    library.duckdb_appender_destroy(appender.memory);
    library.duckdb_destroy_arrow_converted_schema(converted.memory);
    void exported;
  }
}

function append(connection: Connection, appender: Slot, converted: Slot, schema: Schema, batch: ColumnarBatch): void {
  const library = duckdb();
  const chunk = new Slot();
  const exported = exportBatch(schema, batch);
  try {
    throwErrorData(
      library.duckdb_data_chunk_from_arrow(connection.pointer, exported.memory, converted.pointer, chunk.memory),
    );
    if (library.duckdb_append_data_chunk(appender.pointer, chunk.pointer) !== 0) {
      throwErrorData(library.duckdb_appender_error_data(appender.pointer));
    }
  } finally {
    if (chunk.pointer !== 0) library.duckdb_destroy_data_chunk(chunk.memory);
    // The chunk refers to this memory until it is destroyed.
    void exported.references.length;
  }
}
