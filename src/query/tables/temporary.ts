/**
 * Temporary tables: rows in memory that only their session sees, under a name without a schema, until it ends; and temporary views, which are
 * queries of the same kind.
 */
import type { Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { Session } from '../../session/index.js';
import type { IngestTarget } from '../contract.js';
import type { StatementContext } from '../environment.js';
import type { RowsTable } from '../rows.js';

const TEMPORARY_TABLES = Symbol('temporary tables');
const bySession = new WeakMap<object, Map<string, RowsTable>>();
const TEMPORARY_VIEWS = Symbol('temporary views');
const viewsBySession = new WeakMap<object, Map<string, TemporaryView>>();

export interface TemporaryView {
  name: string;
  sql: string;
  /** Names for the query's columns; none: the query's own. */
  columns: string[];
  /** Where names in the text are looked up. */
  session: Pick<Session, 'catalog' | 'schema'>;
}

/** The name of a temporary table or view in a path: `t`, `temp.t` or `temp.main.t`; undefined for any other path. */
export function temporaryName(path: readonly string[]): string | undefined {
  const [first = '', ...rest] = path.map((part) => part.toLowerCase());
  if (rest.length === 0) return first;
  const isTemporary = first === 'temp' && (rest.length === 1 || (rest.length === 2 && rest[0] === 'main'));
  return isTemporary ? rest.at(-1) : undefined;
}

/** The session's temporary table of that name, in any case. */
export function temporaryTable(context: StatementContext, path: readonly string[]): RowsTable | undefined {
  return bySession.get(context.call.session.root)?.get(temporaryName(path) ?? '');
}

/** Gives a temporary table the rows that it had before. */
export function putBackTemporary(context: StatementContext, path: readonly string[], rows: RowsTable): void {
  bySession.get(context.call.session.root)?.set(temporaryName(path) ?? '', rows);
}

export function temporaryView(context: StatementContext, path: readonly string[]): TemporaryView | undefined {
  return viewsBySession.get(context.call.session.root)?.get(temporaryName(path) ?? '');
}

/** Drops a temporary table; false where there is none of that name. */
export function dropTemporaryTable(context: StatementContext, path: readonly string[]): boolean {
  return bySession.get(context.call.session.root)?.delete(temporaryName(path) ?? '') ?? false;
}

export function dropTemporaryView(context: StatementContext, path: readonly string[]): boolean {
  return viewsBySession.get(context.call.session.root)?.delete(temporaryName(path) ?? '') ?? false;
}

/** Keeps a view for the session. One of that name: ALREADY_EXISTS, unless it is to be replaced. */
export async function keepTemporaryView(
  context: StatementContext,
  view: TemporaryView,
  options: { orReplace: boolean },
): Promise<void> {
  const { session, report } = context.call;
  const views = await session.resource(
    TEMPORARY_VIEWS,
    async () => {
      const created = new Map<string, TemporaryView>();
      viewsBySession.set(session.root, created);
      return created;
    },
    async (created) => created.clear(),
    ({ size }) => (size > 0 ? 'its temporary views' : undefined),
  );
  const key = view.name.toLowerCase();
  if (views.has(key) && !options.orReplace) {
    throw new SkuaError('ALREADY_EXISTS', `Temporary view already exists: ${view.name}`);
  }
  views.set(key, view);
  report.keepsState = true;
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
      bySession.set(session.root, created);
      return created;
    },
    async (created) => created.clear(),
    ({ size }) => (size > 0 ? 'its temporary tables' : undefined),
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
