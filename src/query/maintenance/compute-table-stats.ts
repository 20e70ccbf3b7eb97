/** compute_table_stats: how many distinct values columns have, in a Puffin file that the table's metadata names. */
import { columnsOf } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import {
  applyUpdates,
  columnSketch,
  type DefinitionUpdate,
  findField,
  metadataLocation,
  puffinFile,
  schemaOf,
  sketchable,
  snapshotById,
  ThetaSketch,
  typeToSql,
} from '../../iceberg/index.js';
import type { NestedField, Schema, Snapshot } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import { changeTable } from '../committing/commit.js';
import type { StatementContext } from '../environment.js';
import { statementOver } from '../reading/bound-query.js';
import { displayName } from '../tables/names.js';
import { refuseMaintenance } from '../tables/restricted.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';
import { authorizeChange } from '../writing/write.js';
import type { Arguments } from './arguments.js';
import { optional, required } from './parameter.js';
import { answer, type Procedure } from './procedure.js';
import { tableToChange } from './target.js';

/** Puffin specification, "Blob types". */
const BLOB_TYPE = 'apache-datasketches-theta-v1';
const TABLE = 'rows';

export const computeTableStats: Procedure = {
  parameters: [required('table', 'string'), optional('snapshot_id', 'long'), optional('columns', 'strings')],
  schema: answer({ statistics_file: 'string?' }),
  async run(context, given) {
    const table = await tableToChange(context, given);
    const snapshot = snapshotOf(table, given.long('snapshot_id'));
    if (!snapshot) return [];
    const schema = schemaOf(table.metadata, snapshot.snapshotId);
    const columns = columnsNamed(table, schema, given);
    await authorizeChange(context, table);
    const sketches: [NestedField, ThetaSketch][] = [];
    for (const { field, sql } of columns)
      sketches.push([field, await sketchOf(context, table, { snapshot, schema, sql })]);
    const blobs = sketches.map(([field, sketch]) => ({
      bytes: sketch.toBytes(),
      type: BLOB_TYPE,
      fields: [field.id],
      snapshotId: snapshot.snapshotId,
      sequenceNumber: snapshot.sequenceNumber,
      properties: { ndv: String(Math.round(sketch.estimate)) },
    }));
    const { bytes, footerSize } = puffinFile(blobs);
    const location = metadataLocation(table.metadata, `${snapshot.snapshotId}-${crypto.randomUUID()}.stats`);
    const update: DefinitionUpdate = {
      action: 'set-statistics',
      'snapshot-id': snapshot.snapshotId,
      statistics: {
        'snapshot-id': snapshot.snapshotId,
        'statistics-path': location,
        'file-size-in-bytes': bytes.length,
        'file-footer-size-in-bytes': footerSize,
        'blob-metadata': blobs.map(({ type, fields, snapshotId, sequenceNumber, properties }) => ({
          type,
          fields,
          'snapshot-id': snapshotId,
          'sequence-number': sequenceNumber,
          properties,
        })),
      },
    };
    await changeTable(context, table, async ({ storage }) => {
      await storage.write(location, bytes);
      return async (_, state) => {
        refuseMaintenance(state, given.statement);
        snapshotById(state.metadata, snapshot.snapshotId);
        const requirements = [{ type: 'assert-table-uuid' as const, uuid: state.metadata.tableUuid }];
        return {
          commit: { requirements, updates: [update] },
          after: applyUpdates(state.metadata, [update]),
          written: [],
        };
      };
    });
    return [[location]];
  },
};

function snapshotOf({ metadata, snapshotId }: PinnedTable, id: bigint | undefined): Snapshot | undefined {
  const wanted = id ?? snapshotId;
  return wanted === undefined ? undefined : snapshotById(metadata, wanted);
}

interface SketchedColumn {
  field: NestedField;
  /** Over a row of the table. */
  sql: string;
}

/** Those that are named, also inside of structs; by default all that have no parts. */
function columnsNamed({ name }: PinnedTable, { fields }: Schema, given: Arguments): SketchedColumn[] {
  const named = given.strings('columns');
  if (!named || named.length === 0) {
    return fields.filter(({ type }) => sketchable(type)).map((field) => ({ field, sql: quoteName(field.name) }));
  }
  return [...new Set(named)].map((path) => {
    const field = findField(fields, path);
    if (!field) {
      throw new SkuaError('INVALID_ARGUMENT', `${displayName(name)} has no column "${path}" in that snapshot`);
    }
    if (!sketchable(field.type)) {
      const type = typeToSql(field.type);
      throw new SkuaError('INVALID_ARGUMENT', `Column "${path}" is of type ${type}, whose values are not counted`);
    }
    const direct = fields.some(({ id }) => id === field.id);
    return { field, sql: direct ? quoteName(field.name) : path.split('.').map(quoteName).join('.') };
  });
}

async function sketchOf(
  context: StatementContext,
  table: PinnedTable,
  { snapshot, schema, sql }: { snapshot: Snapshot; schema: Schema; sql: string },
): Promise<ThetaSketch> {
  const engine = await context.environment.engine(context.call);
  const pinned = engineTable({ ...table, snapshotId: snapshot.snapshotId, schema });
  const statement = statementOver(
    context,
    `SELECT DISTINCT ${sql} AS v FROM ${quoteName(TABLE)} WHERE ${sql} IS NOT NULL`,
    [{ kind: 'iceberg', name: TABLE, table: pinned }],
  );
  const { signal } = context.call;
  const { schema: arrow, batches } = await engine.run(statement, {
    signal,
    lend: true,
    batchBytes: context.environment.limits.batchBytes,
  });
  const sketch = new ThetaSketch();
  for await (const batch of batches) {
    const [column] = columnsOf(arrow, batch);
    if (column) columnSketch(sketch, column);
  }
  return sketch;
}
