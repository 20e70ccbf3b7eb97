import { Field, Int32, Schema } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import type { FlightSqlClient } from '../../src/client/index.js';
import { startCluster, type TestCluster } from '../engine/spark/cluster.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let cluster: TestCluster;
let server: TestServer;
let admin: FlightSqlClient;
const policy = { table: 'demo.secrets', role: 'table_reader', masks: { name: 'replace-with-null' } };

beforeAll(async () => {
  cluster = await startCluster();
  server = await startTestServer({
    settings: `[engines.spark]\nkind = "spark-connect"\nendpoint = "sc://127.0.0.1:${cluster.port}"\ntls = false\nmin_scan_size = "100KiB"`,
    policies: [policy],
  });
  admin = await server.client('adminuser');
  await admin.execute("CREATE TABLE numbers AS SELECT range::INTEGER AS id, 'n' || range AS name FROM range(1000)");
  await admin.execute('CREATE TABLE secrets AS FROM numbers');
  await admin.execute(
    'CREATE TABLE large AS SELECT range::INTEGER AS id, hash(range)::VARCHAR AS noise FROM range(50000)',
  );
});
afterAll(async () => {
  await server?.stop();
  cluster?.stop();
});

const schema = new Schema([new Field('c0', new Int32(), true)]);
/** What the cluster answers the next query with, to be told from what is really there. */
const answer = (value: number) => {
  cluster.answers = [[{ schema, rows: [[value]] }, 'complete']];
};
const queries = () => cluster.requests.flatMap(({ plan }) => plan?.root.sql.query ?? []);
const explained = async (sql: string, client = admin) =>
  (await rowsAsText(client, `EXPLAIN ${sql}`)).map(([line]) => line ?? '');

describe('a query runs in a cluster', () => {
  it('that its hint names, by the snapshot that was planned', async () => {
    answer(-1);
    expect(await rowsAsText(admin, 'SELECT /*+ engine(spark) */ id FROM numbers WHERE id = 1')).toEqual([['-1']]);
    expect(queries().at(-1)).toMatch(/FROM `skua_quickstart`\.`demo`\.`numbers` VERSION AS OF \d+/);
    const config = cluster.requests.findLast(({ method }) => method === 'Config');
    const token = config?.operation?.set.pairs.find(({ key }) => key === 'spark.sql.catalog.skua_quickstart.token');
    expect(token?.value).toMatch(/^eyJ/);
    expect(config?.user_context.user_id).toBe('adminuser');
  });

  it('that the session chose, with its parameters as constants, until it chooses another one', async () => {
    const client = await server.client('adminuser');
    await client.execute("SET engine = 'spark'");
    answer(-2);
    const { batches } = await client.execute('SELECT id FROM numbers WHERE id = ? AND name = ?', {
      parameters: [7, "it's"],
    });
    const values: unknown[] = [];
    for await (const batch of batches) values.push(...batchToRows(schema, batch).flat());
    expect(values).toEqual([-2]);
    expect(queries().at(-1)).toContain("(t1.c1 = 'it\\'s')");
    expect(await rowsAsText(client, 'SELECT lower(name) FROM numbers WHERE id = 7')).toEqual([['n7']]);
    await client.execute("SET engine = 'local'");
    expect(await rowsAsText(client, 'SELECT id FROM numbers WHERE id = 7')).toEqual([['7']]);
  });

  it('from the size on that a rule says', async () => {
    answer(-3);
    expect(await rowsAsText(admin, "SELECT id FROM large WHERE noise LIKE '%7%'")).toEqual([['-3']]);
    expect(await rowsAsText(admin, 'SELECT id FROM numbers WHERE id = 3')).toEqual([['3']]);
  });
});

describe('a query stays here, or is refused by name', () => {
  it('where a hint asks for what the cluster can not run', async () => {
    await expect(admin.execute('SELECT /*+ engine(spark) */ lower(name) FROM numbers')).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining(
        'The statement can\'t run in engine "spark": the function lower is not translated',
      ),
    });
    for (const change of [
      'INSERT INTO numbers SELECT /*+ engine(spark) */ * FROM numbers',
      'CREATE TABLE copied AS SELECT /*+ engine(spark) */ id FROM numbers',
      'DELETE /*+ engine(spark) */ FROM numbers',
    ]) {
      await expect(admin.execute(change)).rejects.toMatchObject({
        code: 'UNIMPLEMENTED',
        message: expect.stringContaining('Only queries run in engine "spark"'),
      });
    }
    await admin.executeUpdate('INSERT INTO numbers SELECT /*+ engine(local) */ * FROM numbers WHERE false');
    await expect(admin.execute('SELECT /*+ engine(flink) */ 1')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('local, spark'),
    });
    await expect(admin.execute("SET engine = 'flink'")).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rowsAsText(admin, "SELECT '/*+ engine(flink) */' AS text")).toEqual([['/*+ engine(flink) */']]);
  });

  it('where its table is restricted for the caller', async () => {
    const reader = await server.client('testuser');
    const before = queries().length;
    await expect(reader.execute('SELECT /*+ engine(spark) */ id FROM secrets')).rejects.toMatchObject({
      code: 'UNIMPLEMENTED',
      message: expect.stringContaining('quickstart.demo.secrets is restricted by its catalog'),
    });
    await reader.execute("SET engine = 'spark'");
    expect(await rowsAsText(reader, 'SELECT id, name FROM secrets WHERE id = 5')).toEqual([['5', 'NULL']]);
    expect(queries()).toHaveLength(before);
  });

  it('where a transaction has changed its table', async () => {
    const client = await server.client('adminuser');
    await client.execute('BEGIN');
    await client.execute('DELETE FROM numbers WHERE id > 3');
    await client.execute("SET engine = 'spark'");
    expect(await explained('SELECT id FROM numbers', client)).toContain(
      'Engine: local, since it can\'t run in engine "spark": quickstart.demo.numbers has changes that are not committed',
    );
    expect(await rowsAsText(client, 'SELECT count(*) FROM numbers')).toEqual([['4']]);
    await client.execute('ROLLBACK');
  });

  it('where the columns of its table have changed since the snapshot was written', async () => {
    await admin.execute('CREATE TABLE changed AS SELECT 1 AS a');
    await admin.execute('ALTER TABLE changed RENAME COLUMN a TO b');
    await expect(admin.execute('SELECT /*+ engine(spark) */ b FROM changed')).rejects.toThrow(
      'has other columns now than when its snapshot was written',
    );
  });

  it('where it reads what only this server has', async () => {
    await expect(
      admin.execute('SELECT /*+ engine(spark) */ table_name FROM information_schema.tables'),
    ).rejects.toThrow('it reads rows that no catalog has');
  });
});

it('EXPLAIN says which engine runs a query, and why', async () => {
  expect(await explained('SELECT id FROM numbers')).toContain('Engine: local, since no rule sends it elsewhere');
  const lines = await explained('SELECT /*+ engine(spark) */ id FROM numbers');
  expect(lines[0]).toBe('Engine: spark, since asked for by its hint');
  expect(lines).toEqual(expect.arrayContaining(['  columns: id', '== Physical Plan ==']));
  expect((await explained("SELECT id FROM large WHERE noise LIKE '%7%'"))[0]).toMatch(
    /^Engine: spark, since \d+ bytes are planned to be read, of 102400 from which on it takes statements$/,
  );
});
