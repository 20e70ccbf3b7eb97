/** Tables whose files and metadata say what a test wants them to say, registered in the embedded catalog. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EmbeddedStack } from '../../../src/embedded/index.js';
import { parseSchema } from '../../../src/iceberg/index.js';
import { describeManifest, encodeManifest, encodeManifestList } from '../../../src/iceberg/manifest/writer.js';
import { parsePartitionFields } from '../../../src/iceberg/metadata.js';
import { fieldsById } from '../../../src/iceberg/schema.js';
import { resultTypeOf } from '../../../src/iceberg/transforms/transform.js';
import type {
  DataFile,
  DeleteFile,
  ManifestEntry,
  ManifestFile,
  PartitionSpec,
  Type,
} from '../../../src/iceberg/types.js';

/** Some fields; undefined: without what would be there. */
type Some<T> = { [name in keyof T]?: T[name] | undefined };

export interface CraftedFile {
  bytes: Uint8Array;
  /** What the manifest says instead of what is so; a file says nothing of its columns but what is given here. */
  entry?: Some<DataFile> | Some<DeleteFile> | undefined;
  status?: ManifestEntry['status'] | undefined;
}

export interface CraftedTable {
  /** JSON of the schema's fields. */
  fields: Record<string, unknown>[];
  partitionFields?: Record<string, unknown>[];
  /** Each inner list is one manifest. Data files have sequence number 1, deletes 2. */
  data: CraftedFile[][];
  deletes?: CraftedFile[][];
  properties?: Record<string, string>;
  formatVersion?: 1 | 2 | 3;
  /** Another manifest list. */
  manifests?: (manifests: ManifestFile[]) => ManifestFile[];
  /** Other metadata. */
  metadata?: (json: Record<string, unknown>) => Record<string, unknown>;
}

/** Where the files of crafted tables are kept. */
export interface Store {
  /** The location of the warehouse, without a slash at the end. */
  root: string;
  write(location: string, bytes: Uint8Array): Promise<void>;
}

interface Server {
  stack: EmbeddedStack;
}

function localStore({ stack }: Server): Store {
  return {
    root: `file://${join(stack.folder, 'warehouse')}`,
    async write(location, bytes) {
      const path = fileURLToPath(location);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    },
  };
}

/** The location of a crafted file, by its place: `data-0-0.parquet` is the first of the first manifest. */
export function locationOf(server: Server, table: string, name: string, { root } = localStore(server)): string {
  return `${root}/demo/${table}/${name}`;
}

/** Makes `demo.<name>`. */
export async function craftTable(
  server: Server,
  name: string,
  table: CraftedTable,
  store = localStore(server),
): Promise<void> {
  const formatVersion = table.formatVersion ?? 2;
  const schema = parseSchema({ type: 'struct', 'schema-id': 0, fields: table.fields });
  const partitionFields = table.partitionFields ?? [];
  const spec: PartitionSpec = { specId: 0, fields: parsePartitionFields(partitionFields, 'spec') };
  const sources = fieldsById(schema.fields);
  const partitionTypes = spec.fields.map(({ transform, sourceIds }) =>
    resultTypeOf(transform, sources.get(sourceIds[0] as number)?.type as Type),
  );
  const snapshotId = 1001n;
  const manifests: ManifestFile[] = [];
  const save = async (file: string, bytes: Uint8Array) => {
    const location = locationOf(server, name, file, store);
    await store.write(location, bytes);
    return location;
  };
  for (const content of ['data', 'deletes'] as const) {
    for (const [number, files] of (table[content] ?? []).entries()) {
      const entries: ManifestEntry[] = [];
      for (const [place, { bytes, entry, status = 'added' }] of files.entries()) {
        const kind = content === 'data' ? 'data' : 'position-deletes';
        const format = entry?.format ?? 'parquet';
        const location = await save(`${content}-${number}-${place}.${format}`, bytes);
        const file = {
          ...{ content: kind, location, format, specId: 0, partition: [], recordCount: 1, fileSize: bytes.length },
          ...(formatVersion === 1 && { snapshotId }),
          ...entry,
        } as DataFile | DeleteFile;
        entries.push({ status, file });
      }
      const layout = { formatVersion, content, schema, spec, partitionTypes };
      const encoded = encodeManifest(layout, entries);
      const location = await save(`${content}-${number}.avro`, encoded);
      const sequenceNumber = formatVersion === 1 ? 0 : content === 'data' ? 1 : 2;
      manifests.push(
        describeManifest(layout, entries, { location, length: encoded.length, snapshotId, sequenceNumber }),
      );
    }
  }
  const header = { formatVersion, snapshotId, parentSnapshotId: undefined, sequenceNumber: 2, firstRowId: undefined };
  const listed = table.manifests ? table.manifests(manifests) : manifests;
  const manifestList = await save('list.avro', encodeManifestList(header, listed));
  const json: Record<string, unknown> = {
    'format-version': formatVersion,
    'table-uuid': '11111111-2222-4333-8444-555555555555',
    location: `${store.root}/demo/${name}`,
    'last-sequence-number': formatVersion === 1 ? 0 : 2,
    'last-updated-ms': 1_700_000_000_000,
    'last-column-id': Math.max(...sources.keys()),
    schemas: [{ type: 'struct', 'schema-id': 0, fields: table.fields }],
    'current-schema-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: partitionFields }],
    'default-spec-id': 0,
    'last-partition-id': Math.max(999, ...spec.fields.map(({ fieldId }) => fieldId)),
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
    properties: table.properties ?? {},
    'current-snapshot-id': 1001,
    snapshots: [
      {
        'snapshot-id': 1001,
        'sequence-number': formatVersion === 1 ? undefined : 2,
        'timestamp-ms': 1_700_000_000_000,
        'manifest-list': manifestList,
        summary: { operation: 'append' },
        'schema-id': 0,
      },
    ],
    'next-row-id': formatVersion === 3 ? 1_000_000 : undefined,
    refs: { main: { 'snapshot-id': 1001, type: 'branch' } },
  };
  const metadata = table.metadata ? table.metadata(json) : json;
  const location = await save('00001-crafted.metadata.json', Buffer.from(JSON.stringify(metadata)));
  const answer = await fetch(`${server.stack.catalog.uri}/v1/quickstart/namespaces/demo/register`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await server.stack.token('adminuser')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name, 'metadata-location': location }),
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
}

/** A field of a schema. */
export function field(id: number, name: string, type: unknown): Record<string, unknown> {
  return { id, name, required: false, type };
}

/** By field id, as manifests hold counts and bounds. */
export function byId<T>(entries: Record<number, T>): Map<number, T> {
  return new Map(Object.entries(entries).map(([id, value]) => [Number(id), value]));
}
