import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Lineage } from '../../src/observe/index.js';
import type { ColumnLineage, StatementEntry } from '../../src/query/index.js';

const folder = mkdtempSync(join(tmpdir(), 'skua-lineage-events-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry: StatementEntry = {
  id: 'one',
  user: 'ada',
  issuer: 'https://issuer.example.com',
  subject: '1',
  state: 'FINISHED',
  statement: 'INSERT',
  rpc: 'DoPut',
  address: '127.0.0.1',
  started: 0,
  ended: 1,
  queued: 0,
  total: 1,
  phases: [],
  tables: [{ table: 'lake.demo.copies', access: 'write', snapshot: '7' }],
};
const columns: ColumnLineage = {
  table: { catalog: 'lake', namespace: ['demo'], name: 'copies' },
  schema: ['id', 'unknown'],
  fields: [
    {
      name: 'id',
      inputs: [
        {
          catalog: 'lake',
          dataset: 'demo.people$snapshots',
          field: 'snapshot_id',
          transformations: [{ type: 'DIRECT', subtype: 'IDENTITY', masking: false }],
        },
      ],
    },
    { name: 'unknown', inputs: undefined },
  ],
  rows: undefined,
};

function opened(name: string) {
  const file = join(folder, name);
  const errors: unknown[] = [];
  const lineage = new Lineage({
    file,
    namespace: 'skua',
    version: '1',
    datasetNamespace: (catalog) => `http://${catalog}`,
    onError: (error) => errors.push(error),
  });
  const events = () =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { lineage, errors, events };
}

describe('events of lineage', () => {
  it('wait for what the columns are made of, also at the end, and leave out what is not known', async () => {
    const { lineage, errors, events } = opened('waiting');
    let tell: (found: ColumnLineage[]) => void = () => undefined;
    lineage.statement(entry, new Promise((resolve) => (tell = resolve)));
    const closed = lineage.close();
    tell([columns]);
    await closed;
    const [event] = events();
    const input = { namespace: 'http://lake', name: 'demo.people$snapshots' };
    expect(event.inputs).toEqual([
      { ...input, facets: { schema: expect.objectContaining({ fields: [{ name: 'snapshot_id' }] }) } },
    ]);
    const { columnLineage, schema, version } = event.outputs[0].facets;
    expect(columnLineage.fields).toEqual({
      id: {
        inputFields: [
          {
            ...input,
            field: 'snapshot_id',
            transformations: [{ type: 'DIRECT', subtype: 'IDENTITY', masking: false }],
          },
        ],
      },
    });
    expect(columnLineage).not.toHaveProperty('dataset');
    expect(schema.fields).toEqual([{ name: 'id' }, { name: 'unknown' }]);
    expect(version.datasetVersion).toBe('7');
    expect(errors).toEqual([]);
  });

  it('go out without the facet where nothing of the columns is known', async () => {
    const { lineage, events } = opened('unknown');
    const fields = columns.fields.map(({ name }) => ({ name, inputs: undefined }));
    lineage.statement(entry, Promise.resolve([{ ...columns, fields }]));
    await lineage.close();
    expect(events()).toHaveLength(1);
    expect(events()[0].outputs[0].facets).not.toHaveProperty('columnLineage');
  });
});
