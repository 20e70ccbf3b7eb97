/** Writes the metadata of a large Iceberg table, without its data files. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseTableMetadata } from '../../dist/iceberg/index.js';
import { describeManifest, encodeManifest, encodeManifestList } from '../../dist/iceberg/manifest/writer.js';
import { encodeValue } from '../../dist/iceberg/values/single-value.js';

const dayInMicroseconds = 86_400_000_000n;
const firstDay = 18_000;
const snapshotId = 4_611_686_018_427_387_904n;

const columns = {
  event_time: 'timestamp',
  user_id: 'long',
  session_id: 'long',
  duration: 'long',
  amount: 'double',
  tax: 'double',
  kind: 'string',
  country: 'string',
  device: 'string',
  page: 'string',
  referrer: 'string',
  agent: 'string',
  width: 'long',
  height: 'long',
  depth: 'long',
  weight: 'long',
};

/**
 * A version 2 table partitioned by day, one manifest a day, each file with counts and bounds of all 16 columns. Returns its metadata and the
 * text of a day that one manifest holds.
 */
export function writeTable(folder, { manifestCount, filesPerManifest }) {
  const location = pathToFileURL(folder).href.replace(/\/$/, '');
  mkdirSync(join(folder, 'metadata'), { recursive: true });
  const metadata = parseTableMetadata(tableMetadata(location));
  const layout = {
    formatVersion: 2,
    content: 'data',
    schema: metadata.schemas[0],
    spec: metadata.partitionSpecs[0],
    partitionTypes: [{ kind: 'primitive', type: 'date' }],
  };
  const manifests = [];
  let bytes = 0;
  for (let index = 0; index < manifestCount; index++) {
    const day = firstDay + index;
    const entries = Array.from({ length: filesPerManifest }, (_, number) => ({
      status: 'added',
      file: dataFile(location, metadata.schemas[0], day, index * filesPerManifest + number),
    }));
    const encoded = encodeManifest(layout, entries);
    const name = `manifest-${index}.avro`;
    writeFileSync(join(folder, 'metadata', name), encoded);
    bytes += encoded.length;
    const written = { location: `${location}/metadata/${name}`, length: encoded.length, snapshotId, sequenceNumber: 1 };
    manifests.push(describeManifest(layout, entries, written));
  }
  const header = {
    formatVersion: 2,
    snapshotId,
    parentSnapshotId: undefined,
    sequenceNumber: 1,
    firstRowId: undefined,
  };
  const list = encodeManifestList(header, manifests);
  writeFileSync(join(folder, 'metadata', 'list.avro'), list);
  return { metadata, manifestBytes: bytes, listBytes: list.length, location };
}

/** The day of a manifest as a literal: 2019-04-14 for the first. */
export function dayOf(index) {
  return new Date((firstDay + index) * 86_400_000).toISOString().slice(0, 10);
}

function dataFile(location, schema, day, number) {
  const counts = (value) => new Map(schema.fields.map(({ id }) => [id, value]));
  const bounds = (value) => new Map(schema.fields.map((field) => [field.id, encodeValue(field.type, value(field))]));
  const start = BigInt(day) * dayInMicroseconds;
  return {
    content: 'data',
    location: `${location}/data/event_time_day=${day}/00000-${number % 100}-${randomUUID()}.parquet`,
    format: 'parquet',
    specId: 0,
    partition: [day],
    recordCount: 100_000 + (number % 977),
    fileSize: 64_000_000 + number,
    columnSizes: counts(6_400_000),
    valueCounts: counts(100_000 + (number % 977)),
    nullCounts: counts(0),
    nanCounts: new Map(),
    lowerBounds: bounds((field) => boundOf(field, start, number, 0)),
    upperBounds: bounds((field) => boundOf(field, start + dayInMicroseconds - 1n, number, 1)),
    splitOffsets: [4, 32_000_000],
    sortOrderId: 0,
    snapshotId,
  };
}

function boundOf(field, time, number, end) {
  switch (field.type.type) {
    case 'timestamp':
      return time;
    case 'long':
      return BigInt(field.id) * 1_000_000n + BigInt(number * 1000 + end * 999);
    case 'double':
      return end * 999.5;
    default:
      return `${field.name}-${end ? 'zz' : 'aa'}${number}`;
  }
}

function tableMetadata(location) {
  return {
    'format-version': 2,
    'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
    location,
    'last-sequence-number': 1,
    'last-updated-ms': 1_700_000_000_000,
    'last-column-id': Object.keys(columns).length,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: Object.entries(columns).map(([name, type], index) => ({ id: index + 1, name, required: false, type })),
      },
    ],
    'current-schema-id': 0,
    'partition-specs': [
      {
        'spec-id': 0,
        fields: [{ 'source-id': 1, 'field-id': 1000, name: 'event_time_day', transform: 'day' }],
      },
    ],
    'default-spec-id': 0,
    'last-partition-id': 1000,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    'default-sort-order-id': 0,
    'current-snapshot-id': snapshotId,
    snapshots: [
      {
        'snapshot-id': snapshotId,
        'sequence-number': 1,
        'timestamp-ms': 1_700_000_000_000,
        'manifest-list': `${location}/metadata/list.avro`,
        summary: { operation: 'append' },
        'schema-id': 0,
      },
    ],
    refs: { main: { 'snapshot-id': snapshotId, type: 'branch' } },
  };
}
