/** Temporary tables of bulk ingest: rows in memory that only their session sees, under a name without a schema, until it ends. */
import type { Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { Session } from '../../session/session.js';
import type { IngestTarget } from '../contract.js';
import type { StatementContext } from '../environment.js';
import type { RowsTable } from '../rows.js';

const TEMPORARY_TABLES = Symbol('temporary tables');
const bySession = new WeakMap<Session, Map<string, RowsTable>>();

/** The session's temporary table of that name, in any case. */
export function temporaryTable(context: StatementContext, path: readonly string[]): RowsTable | undefined {
  if (path.length !== 1) return undefined;
  return bySession.get(context.call.session)?.get((path[0] as string).toLowerCase());
}

/** Drops a temporary table; false where there is none of that name. */
export function dropTemporaryTable(context: StatementContext, path: readonly string[]): boolean {
  if (path.length !== 1) return false;
  return bySession.get(context.call.session)?.delete((path[0] as string).toLowerCase()) ?? false;
}

/** Keeps the rows of a stream. More than a session may hold: RESOURCE_EXHAUSTED, and nothing is kept. The rows added. */
export async function ingestTemporary(
  context: StatementContext,
  target: IngestTarget,
  schema: Schema,
  batches: AsyncIterable<ColumnarBatch>,
): Promise<number> {
  const { session, report } = context.call;
  const tables = await session.resource(
    TEMPORARY_TABLES,
    async () => {
      const created = new Map<string, RowsTable>();
      bySession.set(session, created);
      return created;
    },
    async (created) => created.clear(),
  );
  const key = target.table.toLowerCase();
  const existing = tables.get(key);
  if (existing && target.ifExists === 'fail') {
    throw new SkuaError('ALREADY_EXISTS', `Temporary table already exists: ${target.table}`);
  }
  if (!existing && target.ifNotExists === 'fail') {
    throw new SkuaError('NOT_FOUND', `Temporary table does not exist: ${target.table}`);
  }
  const kept = existing && target.ifExists === 'append' ? existing : undefined;
  if (kept && !sameColumns(kept.schema, schema)) {
    throw new SkuaError('INVALID_ARGUMENT', `The columns differ from those of temporary table ${target.table}`);
  }
  const added = await collectBounded(batches, context.environment.limits.temporaryBytes - heldBytes(tables));
  tables.set(key, {
    name: `temporary table ${target.table}`,
    schema: kept?.schema ?? schema,
    batches: [...(kept?.batches ?? []), ...added],
  });
  report.keepsState = true;
  return added.reduce((rows, batch) => rows + batch.length, 0);
}

async function collectBounded(batches: AsyncIterable<ColumnarBatch>, room: number): Promise<ColumnarBatch[]> {
  const collected: ColumnarBatch[] = [];
  let bytes = 0;
  for await (const batch of batches) {
    bytes += batchBytes(batch);
    if (bytes > room) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        'The temporary tables of this session would take more memory than it has',
      );
    }
    collected.push(batch);
  }
  return collected;
}

function heldBytes(tables: ReadonlyMap<string, RowsTable>): number {
  let bytes = 0;
  for (const { batches } of tables.values()) for (const batch of batches) bytes += batchBytes(batch);
  return bytes;
}

function sameColumns(a: Schema, b: Schema): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every(
      (field, index) => field.name === b.fields[index]?.name && String(field.type) === String(b.fields[index]?.type),
    )
  );
}
