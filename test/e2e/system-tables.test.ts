import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { startLocalServer } from '../../src/commands/local-server.js';
import { createLogger } from '../../src/logging.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

const FOREVER = 'SELECT count(*) FROM range(100000000) a, range(100000000) b';
const POLICIES = [
  {
    table: 'demo.secret_rows',
    role: 'analyst',
    rowFilter: { type: 'eq', left: { type: 'reference', name: 'kind' }, right: 'mine' },
    masks: {},
  },
] as const;

let server: TestServer;
let admin: FlightSqlClient;
let reader: FlightSqlClient;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-history-'));
  server = await startTestServer({
    policies: POLICIES as never,
    settings: `[observe]\noperator_roles = ["catalog_admin"]\nhistory_file = ${JSON.stringify(join(folder, 'history.jsonl'))}`,
  });
  admin = await server.client('adminuser');
  reader = await server.client('testuser');
  await admin.executeUpdate('CREATE TABLE quickstart.demo.numbers (a INT, b VARCHAR)');
  await admin.executeUpdate("INSERT INTO quickstart.demo.numbers SELECT range, 'x' FROM range(100)");
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The one statement with this text, once it has ended. */
async function ended(client: FlightSqlClient, sql: string, columns: string): Promise<string[]> {
  const text = `SELECT ${columns} FROM system.runtime.queries WHERE sql = '${sql.replaceAll("'", "''")}' AND ended IS NOT NULL`;
  await expect.poll(async () => (await rowsAsText(client, text)).length).toBeGreaterThan(0);
  return (await rowsAsText(client, text))[0] as string[];
}

describe('system.runtime.queries', () => {
  it('tells of each statement who ran it, how it ended, and how much came of it', async () => {
    const sql = 'SELECT a FROM quickstart.demo.numbers WHERE a < 10';
    await rowsAsText(admin, sql);
    const columns = '"user", state, statement, source, address, rows, bytes > 0, error';
    expect(await ended(admin, sql, columns)).toEqual([
      'adminuser',
      'FINISHED',
      'SELECT',
      'DoGet',
      '127.0.0.1',
      '10',
      'true',
      'NULL',
    ]);
    const insert = "INSERT INTO quickstart.demo.numbers SELECT range, 'x' FROM range(100)";
    expect(await ended(admin, insert, 'state, statement, affected_rows')).toEqual(['FINISHED', 'INSERT', '100']);
  });

  it('has those that failed with what their client was told', async () => {
    await expect(rowsAsText(reader, 'SELECT nonsense')).rejects.toThrow();
    const [state, code, error] = await ended(reader, 'SELECT nonsense', 'state, error_code, error');
    expect([state, code]).toEqual(['FAILED', 'INVALID_ARGUMENT']);
    expect(error).toContain('nonsense');
  });

  it('tells of transactions that drivers begin and end by themselves', async () => {
    const client = await server.client('adminuser');
    await client.executeUpdate('CREATE TABLE quickstart.demo.kept (a INT)');
    const earlier = (await rowsAsText(client, 'SELECT max(started) FROM system.runtime.queries'))[0]?.[0];
    const kept = await client.begin();
    await kept.executeUpdate('INSERT INTO quickstart.demo.kept VALUES (1)');
    await kept.commit();
    const left = await client.begin();
    await left.rollback();
    await expect(left.commit()).rejects.toThrow();
    const text = `SELECT statement, state, source FROM system.runtime.queries
      WHERE started > TIMESTAMPTZ '${earlier}' AND source LIKE 'DoAction%' ORDER BY started`;
    await expect.poll(async () => (await rowsAsText(client, text)).length).toBe(5);
    expect(await rowsAsText(client, text)).toEqual([
      ['BEGIN', 'FINISHED', 'DoAction'],
      ['COMMIT', 'FINISHED', 'DoAction'],
      ['BEGIN', 'FINISHED', 'DoAction'],
      ['ROLLBACK', 'FINISHED', 'DoAction'],
      ['COMMIT', 'FAILED', 'DoAction'],
    ]);
    const tables = `SELECT "table", access FROM system.runtime.scans
      WHERE id = (SELECT id FROM system.runtime.queries WHERE statement = 'COMMIT' AND source = 'DoAction' AND state = 'FINISHED' ORDER BY started DESC LIMIT 1)`;
    expect(await rowsAsText(client, tables)).toEqual([['quickstart.demo.kept', 'write']]);
  });

  it('shows a principal its own, and an operator everybody’s', async () => {
    await rowsAsText(reader, 'SELECT 4711');
    await ended(admin, 'SELECT 4711', 'id');
    expect(await rowsAsText(reader, 'SELECT DISTINCT "user" FROM system.runtime.queries')).toEqual([['testuser']]);
    const all = await rowsAsText(admin, 'SELECT DISTINCT "user" FROM system.runtime.queries ORDER BY 1');
    expect(all).toEqual([['adminuser'], ['testuser']]);
  });

  it('shows what runs, which KILL stops: one’s own, and any for an operator', async () => {
    const stranger = await server.client('analyst');
    const failed = rowsAsText(reader, FOREVER).catch((error) => error);
    const running = `SELECT id FROM system.runtime.queries WHERE state = 'RUNNING' AND sql = '${FOREVER}' AND source = 'DoGet'`;
    await expect.poll(() => rowsAsText(admin, running), { timeout: 10_000 }).toHaveLength(1);
    const [[id]] = (await rowsAsText(admin, running)) as [[string]];
    await expect(stranger.executeUpdate(`KILL '${id}'`)).rejects.toThrow(/No statement with the id/);
    await admin.executeUpdate(`KILL '${id}'`);
    expect(await failed).toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('an operator') });
    await expect(admin.executeUpdate(`KILL '${id}'`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await ended(reader, FOREVER, 'state')).toEqual(['CANCELLED']);
  });
});

describe('the profile of a statement', () => {
  it('has its phases, its tables with their snapshots and columns, and what its scans came to', async () => {
    const sql = 'SELECT sum(a) FROM quickstart.demo.numbers WHERE a > 5';
    await rowsAsText(admin, sql);
    const [id] = await ended(admin, sql, 'id');
    const phases = await rowsAsText(admin, `SELECT phase FROM system.runtime.profiles WHERE id = '${id}'`);
    expect(phases.flat()).toEqual(['bind', 'plan', 'start', 'first rows', 'send']);
    const scans = await rowsAsText(
      admin,
      `SELECT "table", access, snapshot_id IS NOT NULL, columns[1], restricted, files, files_planned, bytes_planned > 0
       FROM system.runtime.scans WHERE id = '${id}'`,
    );
    expect(scans).toEqual([['quickstart.demo.numbers', 'read', 'true', 'a', 'false', '1', '1', 'true']]);
  });

  it('has the operators of statements whose session asks for them, and of no others', async () => {
    const client = await server.client('adminuser');
    const operators = (sql: string) =>
      `SELECT operator, o."table", details, o.rows, ms >= 0, o.parent_id IS NULL FROM system.runtime.operators o
        JOIN system.runtime.queries q USING (id) WHERE sql = '${sql.replaceAll("'", "''")}' ORDER BY o.plan, operator_id`;
    const plain = "SELECT count(*) FROM quickstart.demo.numbers WHERE b <> 'plain'";
    await rowsAsText(client, plain);
    await ended(client, plain, 'state');
    expect(await rowsAsText(client, operators(plain))).toEqual([]);
    await client.executeUpdate('SET profile = true');
    const sql = "SELECT a % 7 AS k, count(*) FROM quickstart.demo.numbers WHERE a >= 40 AND b <> 'hidden' GROUP BY k";
    await rowsAsText(client, sql);
    expect(await ended(client, sql, 'spilled_bytes')).toEqual(['0']);
    const rows = await rowsAsText(client, operators(sql));
    const scan = rows.find(([, table]) => table === 'numbers' || table?.endsWith('numbers'));
    expect(scan?.[0]).toBe('TABLE_SCAN');
    expect(Number(scan?.[3])).toBe(60);
    expect(rows.map(([, , , , timed]) => timed)).toEqual(rows.map(() => 'true'));
    expect(rows.filter(([, , , , , isRoot]) => isRoot === 'true')).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('hidden');
    expect(JSON.stringify(rows)).toContain('?');
    const insert = "INSERT INTO quickstart.demo.numbers SELECT a, 'more' FROM quickstart.demo.numbers WHERE a < 0";
    await client.executeUpdate(insert);
    await ended(client, insert, 'state');
    expect((await rowsAsText(client, operators(insert))).length).toBeGreaterThan(1);
    await expect(client.executeUpdate("SET profile = 'perhaps'")).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await client.close();
  });

  it('names what was written and defined', async () => {
    const of = async (sql: string) => {
      const [id] = await ended(admin, sql, 'id');
      return rowsAsText(
        admin,
        `SELECT "table", access FROM system.runtime.scans WHERE id = '${id}' AND access <> 'read'`,
      );
    };
    expect(await of('CREATE TABLE quickstart.demo.numbers (a INT, b VARCHAR)')).toEqual([
      ['quickstart.demo.numbers', 'define'],
    ]);
    expect(await of("INSERT INTO quickstart.demo.numbers SELECT range, 'x' FROM range(100)")).toEqual([
      ['quickstart.demo.numbers', 'write'],
    ]);
  });

  it('counts nothing of a table that is restricted for its reader, also before an operator', async () => {
    await admin.executeUpdate('CREATE TABLE quickstart.demo.secret_rows (kind VARCHAR, n INT)');
    await admin.executeUpdate("INSERT INTO quickstart.demo.secret_rows VALUES ('mine', 1), ('yours', 2)");
    const analyst = await server.client('analyst');
    await analyst.executeUpdate('SET profile = true');
    const sql = 'SELECT count(*) AS n FROM quickstart.demo.secret_rows';
    expect(await rowsAsText(analyst, sql)).toEqual([['1']]);
    const [id] = await ended(admin, sql, 'id');
    const scan = `SELECT restricted, files, files_planned, pruned, bytes_planned, bytes_fetched, row_groups
      FROM system.runtime.scans WHERE id = '${id}'`;
    const nothing = [['true', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL', 'NULL']];
    expect(await rowsAsText(admin, scan)).toEqual(nothing);
    expect(await rowsAsText(admin, `SELECT * FROM system.runtime.operators WHERE id = '${id}'`)).toEqual([]);
    expect(await ended(admin, sql, 'spilled_bytes')).toEqual(['NULL']);
    expect(await rowsAsText(analyst, scan)).toEqual(nothing);
  });
});

describe('the other tables of system.runtime', () => {
  it('show an operator sessions, processes, caches and settings, and nobody a secret', async () => {
    const sessions = await rowsAsText(
      admin,
      'SELECT count(DISTINCT subject) > 1, sum(calls) > 0 FROM system.runtime.sessions',
    );
    expect(sessions).toEqual([['true', 'true']]);
    const nodes = await rowsAsText(
      admin,
      'SELECT kind, count(*) > 0, min(memory_bytes) > 0 FROM system.runtime.nodes GROUP BY kind ORDER BY 1',
    );
    expect(nodes).toEqual([
      ['engine', 'true', 'true'],
      ['server', 'true', 'true'],
    ]);
    expect(await rowsAsText(admin, 'SELECT cache FROM system.runtime.cache ORDER BY 1')).toEqual([
      ['decoded'],
      ['footers'],
      ['metadata'],
      ['ranges'],
    ]);
    const setting = await rowsAsText(
      admin,
      "SELECT value FROM system.runtime.settings WHERE key = 'catalogs.quickstart.warehouse'",
    );
    expect(setting).toEqual([['"quickstart"']]);
  });

  it('show others their sessions and the limits, and nothing of the server’s surroundings', async () => {
    expect(await rowsAsText(reader, 'SELECT count(DISTINCT subject) FROM system.runtime.sessions')).toEqual([['1']]);
    expect(await rowsAsText(reader, 'SELECT kind, memory_bytes FROM system.runtime.nodes')).toEqual([
      ['server', 'NULL'],
    ]);
    expect(await rowsAsText(reader, 'SELECT * FROM system.runtime.cache')).toEqual([]);
    const keys = await rowsAsText(reader, "SELECT DISTINCT split_part(key, '.', 1) FROM system.runtime.settings");
    expect(keys).toEqual([['limits']]);
  });

  it('are listed, and described', async () => {
    expect((await rowsAsText(reader, "SHOW TABLES FROM system.runtime LIKE 's%'")).map(([, name]) => name)).toEqual([
      'scans',
      'sessions',
      'settings',
    ]);
    expect(await rowsAsText(reader, 'SHOW VIEWS FROM system.runtime')).toEqual([]);
    const columns = (await rowsAsText(reader, 'DESCRIBE system.runtime.cache')).map(([name]) => name);
    expect(columns).toEqual(['cache', 'hits', 'misses', 'bytes', 'server']);
  });

  it('are named where one is asked for that there is not', async () => {
    await expect(rowsAsText(reader, 'SELECT * FROM system.runtime.elsewhere')).rejects.toThrow(
      /there are queries, profiles/,
    );
  });
});

describe('over HTTP', () => {
  it('a statement is looked after by the id in its answer', async () => {
    const headers = { authorization: `Bearer ${await server.token('testuser')}`, 'content-type': 'application/sql' };
    const url = `${server.server.httpUrl}/v1/statements`;
    const late = "SELECT CASE WHEN range = 400000 THEN error('far down') ELSE range END AS n FROM range(500000)";
    const answer = await fetch(url, { method: 'POST', headers, body: late });
    await expect(answer.text()).rejects.toThrow();
    const id = answer.headers.get('skua-statement');
    await expect
      .poll(async () => ((await (await fetch(`${url}/${id}`, { headers })).json()) as { state: string }).state)
      .toBe('FAILED');
    expect(await (await fetch(`${url}/${id}`, { headers })).json()).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('far down'),
    });
    const others = { authorization: `Bearer ${await server.token('analyst')}` };
    expect((await fetch(`${url}/${id}`, { headers: others })).status).toBe(404);
    expect((await fetch(`${url}/${id}`, { method: 'DELETE', headers })).status).toBe(404);
  });
});

describe('the history of statements', () => {
  it('outlives the server, in a file that only its user may read', async () => {
    await rowsAsText(reader, 'SELECT 1234567');
    await ended(reader, 'SELECT 1234567', 'id');
    const path = join(folder, 'history.jsonl');
    await expect.poll(() => readFile(path, 'utf8')).toContain('SELECT 1234567');
    const next = await startLocalServer({
      logger: createLogger({ level: 'error', format: 'json' }),
      port: 0,
      httpPort: 0,
      tokenLifetime: 600,
      settings: `[observe]\noperator_roles = ["catalog_admin"]\nhistory_file = ${JSON.stringify(path)}`,
    });
    try {
      const { connect } = await import('../../src/client/index.js');
      const client = connect({ address: next.server.address, token: await next.token('adminuser') });
      expect(await ended(client, 'SELECT 1234567', '"user"')).toEqual(['testuser']);
      client.close();
    } finally {
      await next.stop();
    }
    const { stat } = await import('node:fs/promises');
    expect((await stat(path)).mode & 0o077).toBe(0);
  }, 60_000);
});
