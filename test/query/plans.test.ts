/** What one call planned of a statement serves the next call of it, and nobody else, and opens nothing that the catalog would not open now. */
import { Field, Int64, Schema } from 'apache-arrow';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { batchToRows, rowsToBatch } from '../../src/arrow/index.js';
import type { StatementRequest } from '../../src/query/contract.js';
import type { StatementRun } from '../../src/query/statement-run.js';
import { type Fault, type FaultyCatalog, startFaultyCatalog } from '../e2e/support/faulty-catalog.js';

let catalog: FaultyCatalog;
/** Paths of the tables and views that the catalog was asked for. */
let asked: string[];

const fault = (answer: () => Fault | undefined) => {
  catalog.fault = ({ method, path }) => {
    if (method !== 'GET' || !/\/(?:tables|views)\//.test(path)) return undefined;
    asked.push(path.replace(/.*\//, '').replace(/\?.*/, ''));
    return answer();
  };
};

beforeAll(async () => {
  catalog = await startFaultyCatalog();
  await catalog.update('CREATE TABLE people AS SELECT range AS id, CAST(range AS VARCHAR) AS mail FROM range(5)');
  await catalog.update('CREATE TABLE pets AS SELECT range AS id, range % 5 AS owner FROM range(9)');
  await catalog.update('CREATE VIEW owners AS SELECT p.id FROM people p JOIN pets ON p.id = owner');
  asked = [];
  fault(() => undefined);
});
afterEach(() => {
  asked = [];
  fault(() => undefined);
});
afterAll(() => catalog?.stop());

async function run(request: StatementRequest): Promise<unknown[][]> {
  const { schema, batches } = await catalog.statements.query(catalog.call(), request);
  const rows: unknown[][] = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}

const describeOne = (sql: string, plan?: string) => catalog.statements.describe(catalog.call(), { sql, plan });
const joined = 'SELECT count(*) FROM people p JOIN pets ON p.id = owner';

describe('a statement', () => {
  it('asks for its tables once to be described, however often, and once more to run', async () => {
    const prepared = await describeOne(joined);
    const planned = await describeOne(joined, prepared.plan);
    expect(asked.sort()).toEqual(['people', 'pets']);
    expect(await run({ sql: joined, plan: planned.plan, pins: planned.pins })).toEqual([[9n]]);
    expect(asked.sort()).toEqual(['people', 'people', 'pets', 'pets']);
  });

  it('goes by its id in the engine', async () => {
    const session = await catalog.environment.engine(catalog.call());
    const ran = vi.spyOn(session, 'run');
    const { plan, pins } = await describeOne(joined);
    const { batches } = await catalog.statements.query({ ...catalog.call(), id: 'one' }, { sql: joined, plan, pins });
    for await (const _ of batches);
    expect(ran.mock.calls.map(([{ id }]) => id)).toEqual(['one']);
    ran.mockRestore();
  });

  it('has touched each of its tables once, however many rows of parameters it is run for', async () => {
    const schema = new Schema([new Field('p1', new Int64(), true)]);
    const parameters = { schema, batches: [rowsToBatch(schema, [[1n], [2n], [3n]])] };
    const run: StatementRun = { kind: 'query', sql: undefined, started: 0, marks: [], tables: [] };
    const call = { ...catalog.call(), report: { run } };
    const { batches } = await catalog.statements.query(call, { sql: 'SELECT * FROM people WHERE id = ?', parameters });
    let rows = 0;
    for await (const { length } of batches) rows += length;
    expect(rows).toBe(3);
    expect(run.tables.map(({ table }) => table)).toEqual(['people']);
    expect(run.marks.map(({ phase }) => phase)).toEqual(['bind', 'plan']);
  });

  it('asks nobody where it reads no table', async () => {
    const { plan } = await describeOne('SELECT 1');
    expect(await run({ sql: 'SELECT 1', plan })).toEqual([[1]]);
    expect(asked).toEqual([]);
  });

  it('is planned anew by whoever runs it again', async () => {
    const sql = 'SELECT count(*) FROM people';
    const { plan } = await describeOne(sql);
    expect(await run({ sql, plan })).toEqual([[5n]]);
    await catalog.rival("INSERT INTO people VALUES (5, '5')");
    expect(await run({ sql, plan })).toEqual([[6n]]);
    await catalog.rival('DELETE FROM people WHERE id = 5');
  });

  it('sees what changed on this server after it was prepared', async () => {
    const sql = 'SELECT count(*) FROM people';
    const prepared = await describeOne(sql);
    await catalog.update("INSERT INTO people VALUES (5, '5')");
    const { plan, pins } = await describeOne(sql, prepared.plan);
    expect(await run({ sql, plan, pins })).toEqual([[6n]]);
    await catalog.update('DELETE FROM people WHERE id = 5');
  });

  it('means by its names what they mean to the session when it runs', async () => {
    const sql = "SELECT getvariable('n')";
    await catalog.update('SET VARIABLE n = 1');
    const { plan } = await describeOne(sql);
    await catalog.update('SET VARIABLE n = 2');
    expect(await run({ sql, plan })).toEqual([[2]]);
  });

  it('is another one with another text', async () => {
    const { plan } = await describeOne('SELECT count(*) FROM people');
    expect(await run({ sql: 'SELECT count(*) FROM pets', plan })).toEqual([[9n]]);
  });

  it('takes the values that it was described with', async () => {
    const sql = 'SELECT id FROM people WHERE id = ?';
    const { schema } = await describeOne('SELECT CAST(3 AS BIGINT) AS p');
    const { batches } = await catalog.statements.query(catalog.call(), { sql: 'SELECT CAST(3 AS BIGINT) AS p' });
    const values = [];
    for await (const batch of batches) values.push(structuredClone(batch));
    const parameters = { schema, batches: values };
    const { plan } = await catalog.statements.describe(catalog.call(), { sql, parameters });
    expect(await run({ sql, parameters, plan })).toEqual([[3n]]);
  });
});

describe('a plan that is still warm', () => {
  const sql = 'SELECT id, mail FROM people ORDER BY id LIMIT 2';

  it('opens nothing that the catalog refuses by now', async () => {
    const { plan, pins } = await describeOne(sql);
    fault(() => ({ status: 403, type: 'ForbiddenException', message: 'no longer' }));
    await expect(run({ sql, plan, pins })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('shows what restrictions leave that came since', async () => {
    const { plan, pins } = await describeOne(sql);
    const masked = { 'required-column-projections': [{ 'field-id': 2, action: 'mask-alphanum' }] };
    fault(() => ({ rewrite: (answer) => ({ ...answer, 'read-restrictions': masked }) }));
    expect(await run({ sql, plan, pins })).toEqual([
      [0n, 'n'],
      [1n, 'n'],
    ]);
  });

  it('holds restrictions that are the same, and no longer those that are gone', async () => {
    const masked = { 'required-column-projections': [{ 'field-id': 2, action: 'mask-alphanum' }] };
    fault(() => ({ rewrite: (answer) => ({ ...answer, 'read-restrictions': masked }) }));
    const [first, second] = [await describeOne(sql), await describeOne(sql)];
    expect(await run({ sql, plan: first.plan, pins: first.pins })).toEqual([
      [0n, 'n'],
      [1n, 'n'],
    ]);
    fault(() => undefined);
    expect(await run({ sql, plan: second.plan, pins: second.pins })).toEqual([
      [0n, '0'],
      [1n, '1'],
    ]);
  });

  it('is no way to a table that took the name of another', async () => {
    const { plan, pins } = await describeOne('SELECT * FROM pets');
    await catalog.rival('DROP TABLE pets');
    await catalog.rival('CREATE TABLE pets AS SELECT range AS id, range % 5 AS owner FROM range(9)');
    await expect(run({ sql: 'SELECT * FROM pets', plan, pins })).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  it('reads what a view says by now', async () => {
    const { plan } = await describeOne('SELECT count(*) FROM owners');
    await catalog.rival('CREATE OR REPLACE VIEW owners AS SELECT id FROM people');
    expect(await run({ sql: 'SELECT count(*) FROM owners', plan })).toEqual([[5n]]);
  });

  it('leaves nothing in the folder of the session', async () => {
    const before = new Set(await catalog.staged());
    const call = catalog.call();
    const { plan } = await catalog.statements.describe(call, { sql });
    fault(() => ({ status: 403, type: 'ForbiddenException', message: 'no longer' }));
    await expect(catalog.statements.query(call, { sql, plan })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    call.end();
    await expect.poll(async () => (await catalog.staged()).filter((path) => !before.has(path))).toEqual([]);
  });
});
