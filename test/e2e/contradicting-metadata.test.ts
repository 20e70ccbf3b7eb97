/** Metadata that contradicts itself: refused, or the side wins that wins in Iceberg's own reader. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { encodeDeletionVector } from '../../src/iceberg/deletes/deletion-vector.js';
import type { ManifestFile } from '../../src/iceberg/types.js';
import { withFooter, writtenFile } from '../parquet/edited.js';
import { byId, type CraftedFile, type CraftedTable, craftTable, field, locationOf } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
let rows: Buffer;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  rows = await writtenFile("SELECT i AS id, 'r' || i AS s FROM range(4) t(i)", 'FIELD_IDS {id: 1, s: 2}');
});
afterAll(() => server?.stop());

const fields = [field(1, 'id', 'long'), field(2, 's', 'string')];
let tables = 0;

async function craft(table: Partial<CraftedTable>, named?: string): Promise<string> {
  const name = named ?? `t${tables++}`;
  await craftTable(server, name, { fields, data: [[{ bytes: rows, entry: { recordCount: 4 } }]], ...table });
  return `demo.${name}`;
}

const one = async (sql: string) => (await rowsAsText(client, sql)).map((values) => values.join('|')).join(', ');
const refusal = (sql: string) => expect(client.execute(sql).then(({ batches }) => drained(batches))).rejects;

function long(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

async function drained(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of batches);
}

function vectorOf(table: string, positions: number[], more: CraftedFile['entry'] = {}): CraftedFile {
  const bytes = encodeDeletionVector(BigInt64Array.from(positions.map(BigInt)));
  const entry = {
    format: 'puffin' as const,
    recordCount: positions.length,
    referencedDataFile: locationOf(server, table, 'data-0-0.parquet'),
    contentOffset: 0,
    contentSize: bytes.length,
    ...more,
  };
  return { bytes, entry };
}

async function positionsOf(table: string, positions: number[]): Promise<CraftedFile> {
  const path = locationOf(server, table, 'data-0-0.parquet');
  const select = `SELECT '${path}' AS file_path, unnest([${positions}])::BIGINT AS pos`;
  const bytes = await writtenFile(select, 'FIELD_IDS {file_path: 2147483546, pos: 2147483545}');
  return { bytes, entry: { recordCount: positions.length } };
}

describe('deletes', () => {
  it('two deletion vectors for one data file are refused, in one manifest and in two', async () => {
    for (const [name, grouped] of [
      ['two', false],
      ['both', true],
    ] as const) {
      const [first, second] = [vectorOf(name, [0]), vectorOf(name, [1])];
      const deletes = grouped ? [[first, second]] : [[first], [second]];
      const table = await craft({ formatVersion: 3, deletes }, name);
      const told = {
        code: 'DATA_LOSS',
        message: expect.stringMatching(/data-0-0\.parquet has more than one deletion vec/),
      };
      await refusal(`SELECT * FROM ${table}`).toMatchObject(told);
      await refusal(`SELECT count(*) FROM ${table}`).toMatchObject(told);
      await expect(client.executeUpdate(`DELETE FROM ${table} WHERE id = 3`)).rejects.toMatchObject(told);
    }
  });

  it('position deletes of one data file apply to it, whatever partition they are said to be of', async () => {
    const partitionFields = [{ 'source-id': 2, 'field-id': 1000, name: 's', transform: 'identity' }];
    const positions = await positionsOf('elsewhere', [1]);
    const referencedDataFile = locationOf(server, 'elsewhere', 'data-0-0.parquet');
    const table = await craft(
      {
        partitionFields,
        data: [[{ bytes: rows, entry: { recordCount: 4, partition: ['a'] } }]],
        deletes: [[{ ...positions, entry: { ...positions.entry, partition: ['b'], referencedDataFile } }]],
      },
      'elsewhere',
    );
    expect(await one(`SELECT id FROM ${table} ORDER BY id`)).toBe('0, 2, 3');
    expect(await one(`SELECT count(*) FROM ${table}`)).toBe('3');
  });

  it('a deletion vector takes the place of position deletes of its file', async () => {
    const deletes = [[await positionsOf('beside', [2]), vectorOf('beside', [0])]];
    const table = await craft({ formatVersion: 3, deletes }, 'beside');
    expect(await one(`SELECT id FROM ${table} ORDER BY id`)).toBe('1, 2, 3');
  });

  it.each([
    ['that is older than its data file', { sequenceNumber: 0, snapshotId: 1001n }, /older than the file/],
    ['that names no data file', { referencedDataFile: undefined }, /does not say which data file/],
    ['without offset and size', { contentOffset: undefined }, /no offset and size/],
    ['with another number of positions', { recordCount: 3 }, /has 1 positions instead of 3/],
    ['that lies elsewhere', { contentOffset: 4 }, /.*/],
  ])('a deletion vector %s is refused', async (_, entry, message) => {
    const name = `vector${tables++}`;
    const table = await craft({ formatVersion: 3, deletes: [[vectorOf(name, [1], entry)]] }, name);
    await refusal(`SELECT * FROM ${table}`).toMatchObject({ message: expect.stringMatching(message) });
    await refusal(`SELECT * FROM ${table}`).not.toMatchObject({ code: 'INTERNAL' });
  });

  it('equality deletes that do not say what they compare are refused', async () => {
    const bytes = await writtenFile('SELECT 1::BIGINT AS id', 'FIELD_IDS {id: 1}');
    const deletes: CraftedFile[][] = [[{ bytes, entry: { content: 'equality-deletes', recordCount: 1 } }]];
    await refusal(`SELECT * FROM ${await craft({ deletes })}`).toMatchObject({ code: 'DATA_LOSS' });
  });

  it.each([
    ['deletes', 'data'],
    ['data files', 'deletes'],
  ] as const)('a manifest of %s that holds the other kind is refused', async (_, kind) => {
    const content = kind === 'data' ? 'position-deletes' : 'data';
    const file: CraftedFile = { bytes: rows, entry: { content, recordCount: 4 } as CraftedFile['entry'] };
    const table = await craft({ [kind]: [[file]] });
    await refusal(`SELECT * FROM ${table}`).toMatchObject({ code: 'DATA_LOSS' });
  });

  it('deleted entries of a manifest are no files', async () => {
    const data: CraftedFile[][] = [
      [
        { bytes: rows, entry: { recordCount: 4 } },
        { bytes: rows, entry: { recordCount: 4, snapshotId: 1001n, sequenceNumber: 1 }, status: 'deleted' },
      ],
    ];
    const table = await craft({ data });
    expect(await one(`SELECT count(*), count(s) FROM ${table}`)).toBe('4|4');
  });
});

describe('files', () => {
  it.each([
    ['less', 10],
    ['more', 100_000],
    ['negative', -1],
    ['not quite', undefined],
  ])('a file size that is wrong (%s) is asked of the store', async (_, size) => {
    const fileSize = size ?? rows.length - 7;
    const deletes = [[await positionsOf(`t${tables}`, [1])]];
    for (const file of deletes.flat()) file.entry = { ...file.entry, fileSize };
    const table = await craft({ data: [[{ bytes: rows, entry: { recordCount: 4, fileSize } }]], deletes });
    expect(await one(`SELECT id, s FROM ${table} WHERE id > 0 ORDER BY id`)).toBe('2|r2, 3|r3');
  });

  it.each([1, 40])(
    'a record count that is not the file\u2019s (%s of 4) answers counts, and reading gives the rows',
    async (count) => {
      const table = await craft({ data: [[{ bytes: rows, entry: { recordCount: count } }]] });
      expect(await one(`SELECT count(*) FROM ${table}`)).toBe(String(count));
      expect(await one(`SELECT id FROM ${table} ORDER BY id`)).toBe('0, 1, 2, 3');
      expect(await one(`SELECT count(*) FROM ${table} WHERE s LIKE '%2'`)).toBe('1');
      expect(await one(`SELECT id FROM ${table} ORDER BY id DESC LIMIT 3`)).toBe('3, 2, 1');
    },
  );

  it('counts that no file has answer nothing, and break no metadata table', async () => {
    const entry = { recordCount: 2 ** 62 };
    const table = await craft({ data: [[{ bytes: rows, entry }], [{ bytes: rows, entry }], [{ bytes: rows, entry }]] });
    expect(await one(`SELECT count(*), count(id), max(id) FROM ${table}`)).toBe('12|12|3');
    expect(await one(`SELECT count(*) FROM (SELECT 1 FROM ${table})`)).toBe('12');
    expect(await one(`SELECT id FROM ${table} ORDER BY id DESC LIMIT 1`)).toBe('3');
    const file = `"${table.replace('demo.', '')}$files"`;
    expect(await one(`SELECT max(record_count) FROM demo.${file}`)).toBe(String(2n ** 62n));
    expect(await one(`SELECT count(*) FROM demo.${file.replace('files', 'partitions')}`)).toBe('1');
    expect(await one(`EXPLAIN SELECT * FROM ${table}`)).toContain('3 planned of 3');
    expect(await rowsAsText(client, `DELETE FROM ${table} WHERE id = 1`)).toEqual([['3']]);
  });

  it('two columns with one field id in a file are refused, unless nobody reads them', async () => {
    const bytes = withFooter(
      await writtenFile("SELECT 1::BIGINT AS id, 'a' AS s, 'b' AS other", 'FIELD_IDS {id: 1, s: 2, other: 3}'),
      { element: (own) => own.map((part) => (part.id === 9 ? { ...part, value: idFor(part.value) } : part)) },
    );
    const table = await craft({ data: [[{ bytes }]] });
    await refusal(`SELECT s FROM ${table}`).toMatchObject({
      code: 'DATA_LOSS',
      message: expect.stringMatching(/data-0-0\.parquet' has more than one column with the field id 2/),
    });
    expect(await one(`SELECT id FROM ${table}`)).toBe('1');
  });
});

describe('a record count that is not the file\u2019s', () => {
  const changes = [
    ['DELETE FROM %t WHERE id < 2', '2|r2, 3|r3'],
    ["UPDATE %t SET s = 'new' WHERE id < 2", '0|new, 1|new, 2|r2, 3|r3'],
    ['MERGE INTO %t USING (SELECT unnest([0, 1]) AS k) n ON id = k WHEN MATCHED THEN DELETE', '2|r2, 3|r3'],
  ] as const;

  it.each([1, 2, 3] as const)('takes no rows away that a change leaves (format version %i)', async (formatVersion) => {
    for (const recordCount of [2, 1, 0, -1, 9]) {
      for (const mode of ['merge-on-read', 'copy-on-write']) {
        const names = ['delete', 'update', 'merge'].map((name) => [`write.${name}.mode`, mode]);
        const table = await craft({
          formatVersion,
          properties: Object.fromEntries(names),
          data: [[{ bytes: rows, entry: { recordCount } }]],
        });
        const [sql, left] = changes[(recordCount + 1) % 3] as (typeof changes)[number];
        const label = `${recordCount} ${mode} ${sql}`;
        expect(await client.executeUpdate(sql.replace('%t', table)), label).toBe(2);
        expect(await one(`SELECT * FROM ${table} ORDER BY id`), label).toBe(left);
      }
    }
  });

  it('takes no rows away when a vector takes the place of position deletes', async () => {
    const deletes = [[await positionsOf('shorter', [1])]];
    const data = [[{ bytes: rows, entry: { recordCount: 2 } }]];
    const table = await craft({ formatVersion: 3, data, deletes }, 'shorter');
    expect(await client.executeUpdate(`DELETE FROM ${table} WHERE id = 0`)).toBe(1);
    expect(await one(`SELECT id FROM ${table} ORDER BY id`)).toBe('2, 3');
  });

  it('takes no rows from a limit', async () => {
    const entry = (recordCount: number, nullCount: number) => ({
      recordCount,
      nullCounts: byId({ 1: nullCount }),
      lowerBounds: byId({ 1: long(0) }),
      upperBounds: byId({ 1: long(3) }),
    });
    const more = await writtenFile("SELECT i AS id, 'r' || i AS s FROM range(4, 8) t(i)", 'FIELD_IDS {id: 1, s: 2}');
    const behind = { ...entry(4, 0), lowerBounds: byId({ 1: long(4) }), upperBounds: byId({ 1: long(7) }) };
    const table = await craft({
      data: [
        [
          { bytes: rows, entry: entry(100, 0) },
          { bytes: more, entry: behind },
        ],
      ],
    });
    expect(await one(`SELECT id FROM ${table} LIMIT 6`)).toBe('0, 1, 2, 3, 4, 5');
    expect(await one(`SELECT id FROM ${table} LIMIT 3 OFFSET 5`)).toBe('5, 6, 7');
    expect(await one(`SELECT id FROM ${table} ORDER BY id LIMIT 6`)).toBe('0, 1, 2, 3, 4, 5');
  });

  it('is no count where it is 0: the file is read', async () => {
    const entry = { recordCount: 0, lowerBounds: byId({ 1: long(-9) }), upperBounds: byId({ 1: long(9) }) };
    const table = await craft({ data: [[{ bytes: rows, entry }]] });
    expect(await one(`SELECT count(*), min(id), max(id) FROM ${table}`)).toBe('4|0|3');
    expect(await one(`SELECT count(*) FROM ${table} WHERE id >= 0`)).toBe('4');
    expect(await one(`SELECT id FROM ${table} WHERE id > 1 ORDER BY id`)).toBe('2, 3');
  });
});

describe('manifest lists', () => {
  const listed = (change: (manifest: ManifestFile) => Partial<ManifestFile>) => ({
    manifests: (all: ManifestFile[]) => all.map((manifest) => ({ ...manifest, ...change(manifest) })),
  });

  it('a manifest of a partition spec that the table lacks is refused', async () => {
    const table = await craft(listed(() => ({ specId: 7 })));
    await refusal(`SELECT * FROM ${table}`).toMatchObject({
      code: 'DATA_LOSS',
      message: expect.stringMatching(/spec 7/),
    });
  });

  it('counts and lengths that are wrong hide no file', async () => {
    const counts = { addedFilesCount: 70, existingFilesCount: -1, addedRowsCount: 0, existingRowsCount: -5, length: 3 };
    expect(await one(`SELECT count(*), max(id) FROM ${await craft(listed(() => counts))}`)).toBe('4|3');
    const unknown = { addedFilesCount: -1, existingFilesCount: 0 };
    expect(await one(`SELECT count(*), max(id) FROM ${await craft(listed(() => unknown))}`)).toBe('4|3');
  });

  it('a manifest without live files, as the list has it, is not read, as in the reference implementation', async () => {
    const table = await craft(listed(() => ({ addedFilesCount: 0, existingFilesCount: 0 })));
    expect(await one(`SELECT count(*) FROM ${table}`)).toBe('0');
  });
});

describe('table metadata', () => {
  const snapshotsOf = (json: Record<string, unknown>) => json.snapshots as Record<string, unknown>[];

  it('ids that are higher than the last that was given are not given again', async () => {
    const table = await craft({ metadata: (json) => ({ ...json, 'last-column-id': 1 }) });
    await client.executeUpdate(`ALTER TABLE ${table} ADD COLUMN added INT`);
    expect(await one(`SELECT added, count(s) FROM ${table} GROUP BY 1`)).toBe('NULL|4');
  });

  it('a manifest that a version 1 snapshot names itself is of the partition spec that it says', async () => {
    const partitionFields = [{ 'source-id': 2, 'field-id': 1000, name: 's', transform: 'identity' }];
    const data = [[{ bytes: rows, entry: { recordCount: 4, partition: ['everyone'] } }]];
    const metadata = (json: Record<string, unknown>) => ({
      ...json,
      'partition-specs': [
        { 'spec-id': 0, fields: partitionFields },
        { 'spec-id': 1, fields: [{ 'source-id': 1, 'field-id': 1001, name: 'id', transform: 'identity' }] },
      ],
      'default-spec-id': 1,
      'last-partition-id': 1001,
      snapshots: snapshotsOf(json).map(({ 'manifest-list': list, ...rest }) => ({
        ...rest,
        manifests: [String(list).replace('list.avro', 'data-0.avro')],
      })),
    });
    const table = await craft({ formatVersion: 1, partitionFields, data, metadata });
    expect(await one(`SELECT DISTINCT s FROM ${table}`)).toBe('everyone');
    expect(await one(`SELECT count(DISTINCT id) FROM ${table} WHERE id >= 0`)).toBe('4');
  });

  it('a partition value of another type than its column is refused', async () => {
    const partitionFields = [{ 'source-id': 1, 'field-id': 1000, name: 'id', transform: 'identity' }];
    const table = await craft({
      fields: [field(1, 'id', 'date')],
      partitionFields,
      data: [[{ bytes: await writtenFile("SELECT date '2020-01-01' AS id"), entry: { partition: [18_262] } }]],
      metadata: (json) => ({
        ...json,
        schemas: [{ type: 'struct', 'schema-id': 0, fields: [field(1, 'id', 'timestamp')] }],
      }),
    });
    for (const filter of ['', " WHERE id = timestamp '2020-01-01'"]) {
      await refusal(`SELECT * FROM ${table}${filter}`).toMatchObject({ code: 'DATA_LOSS' });
    }
  });

  it.each(['{', '7', '[{"field-id": "x"}]'])('a name mapping that is none (%s) is refused', async (text) => {
    const table = await craft({ properties: { 'schema.name-mapping.default': text } });
    await refusal(`SELECT * FROM ${table}`).toMatchObject({
      code: 'DATA_LOSS',
      message: expect.stringMatching(/name-mapping/),
    });
  });

  it('columns without a name, and structs without fields, are refused by name', async () => {
    const table = await craft({});
    const unnamed = await craft({ fields: [field(1, 'id', 'long'), field(2, '', 'string')] });
    await refusal(`SELECT id FROM ${unnamed}`).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringMatching(/empty name \(field id 2\)/),
    });
    const nothing = {
      type: 'list',
      'element-id': 3,
      'element-required': false,
      element: { type: 'struct', fields: [] },
    };
    const empty = await craft({ fields: [field(1, 'id', 'long'), field(2, 's', nothing)] });
    await refusal(`SELECT id FROM ${empty}`).toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringMatching(/s\.element is a struct without fields/),
    });
    const definitions = [
      'CREATE TABLE demo.made ("" INT)',
      `ALTER TABLE ${table} ADD COLUMN "" INT`,
      `ALTER TABLE ${table} RENAME COLUMN id TO ""`,
    ];
    for (const sql of definitions) {
      await expect(client.executeUpdate(sql), sql).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});

/** 3 becomes 2, as Thrift's compact protocol has them. */
function idFor(value: Uint8Array): Uint8Array {
  return value[0] === 6 ? Uint8Array.of(4) : value;
}
