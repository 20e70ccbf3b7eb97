import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { Completion } from '../../src/shell/completion.js';
import { copy } from '../../src/shell/copy.js';
import { type OutputFormat, runPrompt, topPicture } from '../../src/shell/index.js';
import { Progress } from '../../src/shell/progress.js';
import { rowsAsText, startTestServer, type TestServer } from '../e2e/support/server.js';

// Each command is a process of its own, and each statement a round trip, on machines that do other things.
vi.setConfig({ testTimeout: 180_000 });

let server: TestServer;
let client: FlightSqlClient;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
  folder = await mkdtemp(join(tmpdir(), 'skua-shell-'));
  await client.executeUpdate('CREATE TABLE demo.people (id BIGINT, name VARCHAR, paid DECIMAL(10, 2), since DATE)');
  await client.executeUpdate(
    "INSERT INTO demo.people VALUES (1, 'a, \"b\"', 1.50, '2026-01-31'), (2, NULL, NULL, NULL), (3, '', 3.25, '0001-01-01')",
  );
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function sink(): Writable & { text: string } {
  const stream = new Writable({
    write(chunk, _, done) {
      (stream as Writable & { text: string }).text += String(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: '' });
}

/** What the prompt writes when these lines are typed. */
async function typed(...lines: string[]): Promise<{ out: string; err: string }> {
  const input = new PassThrough();
  const output = { format: 'csv' as OutputFormat, stdout: sink(), stderr: sink() };
  const done = runPrompt(client, { input, output });
  input.end(`${lines.join('\n')}\n\\q\n`);
  await done;
  return { out: output.stdout.text, err: output.stderr.text };
}

const run = (text: string) => copy(client, text, { progress: new Progress(undefined) });

describe('commands of the prompt', () => {
  it('list what there is', async () => {
    const { out } = await typed('\\l', '\\dn', '\\dt', '\\d people', '\\d+ people');
    for (const text of ['quickstart', 'demo,people,TABLE', 'paid,"DECIMAL(10, 2)"', 'CREATE TABLE']) {
      expect(out).toContain(text);
    }
  });

  it('choose how results are written, by either name, and say which there are', async () => {
    const { out, err } = await typed('.mode markdown', 'SELECT 1 AS n;', '\\o tsv', 'SELECT NULL AS m;', '\\o arrow');
    expect(out).toContain('| n |\n| ---: |\n| 1 |');
    expect(out).toContain('m\n\\N\n');
    expect(err).toMatch(/formats are table, csv, tsv, json, ndjson, markdown\./);
  });

  it('time statements, run files, and explain themselves', async () => {
    const path = join(folder, 'two.sql');
    await writeFile(path, 'SELECT 41 AS a; SELECT 42 AS b;');
    const { out, err } = await typed('\\timing', `\\i ${path}`, '\\?', '\\i /nowhere.sql');
    expect(out).toContain('a\r\n41\r\nb\r\n42');
    expect(out).toContain('\\watch');
    expect(err).toMatch(/^\d+\.\d{3} s\n\d+\.\d{3} s\nINVALID_ARGUMENT: The file \/nowhere\.sql/);
  });

  it('repeat the last statement until it fails', async () => {
    await client.executeUpdate('CREATE TABLE demo.counted (n BIGINT)');
    const input = new PassThrough();
    const output = { format: 'csv' as OutputFormat, stdout: sink(), stderr: sink() };
    const done = runPrompt(client, { input, output });
    input.write('SELECT count(*) AS n FROM demo.counted;\n\\watch 0.05\n');
    await expect
      .poll(() => output.stdout.text.match(/every 0\.05 s/g)?.length ?? 0, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await client.executeUpdate('DROP TABLE demo.counted');
    await expect.poll(() => output.stderr.text, { timeout: 60_000 }).toMatch(/NOT_FOUND/);
    input.end('\\q\n');
    await done;
  });
});

describe('\\copy', () => {
  it.each(['csv', 'tsv', 'arrow'])(
    'brings a table through a %s file, nulls and empty texts included',
    async (format) => {
      const path = join(folder, `people.${format}`);
      expect(await run(`demo.people to ${path}`)).toBe(`3 rows to ${path}`);
      await client.executeUpdate('CREATE OR REPLACE TABLE demo.copied AS SELECT * FROM demo.people WHERE false');
      expect(await run(`demo.copied from '${path}'`)).toBe('3 rows into demo.copied');
      const all = (table: string) => rowsAsText(client, `SELECT * FROM ${table} ORDER BY id`);
      expect(await all('demo.copied')).toEqual(await all('demo.people'));
    },
  );

  it('writes a query as whatever the file’s name or `as` says', async () => {
    const path = join(folder, 'of a query');
    expect(await run(`(SELECT id FROM demo.people ORDER BY id) to '${path}' as json`)).toMatch(/^3 rows/);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('leaves no file of a query that fails, and no row of a file that can’t be read', async () => {
    const path = join(folder, 'half.csv');
    await expect(run(`(SELECT 1 / 0 + nothing) to ${path}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    const wrong = join(folder, 'wrong.csv');
    await writeFile(wrong, 'id,name\n1,x\nnot a number,y\n');
    await expect(run(`demo.people from ${wrong}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await writeFile(wrong, 'id,name\n1,x\n2,y,z\n');
    await expect(run(`demo.people from ${wrong}`)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(run(`demo.people from ${join(folder, 'absent.csv')}`)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(await rowsAsText(client, 'SELECT count(*) FROM demo.people')).toEqual([['3']]);
    await expect(run('nonsense')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('skua top', () => {
  it('shows what ran, newest first, within the width of the screen', async () => {
    await rowsAsText(client, 'SELECT 12345 AS shown_by_top');
    await expect(rowsAsText(client, 'SELECT failing_in_top')).rejects.toThrow();
    const lines = (await topPicture(client, { columns: 100, rows: 6 })).split('\n');
    expect(lines[0]).toContain(client.address);
    expect(lines.length).toBeLessThanOrEqual(5);
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines[3]).toMatch(/^INVALID_AR +adminuser .*SELECT failing_in_top/);
    expect(lines[4]).toMatch(/^finished +adminuser .*SELECT 12345 AS shown_by_top/);
  });
});

describe('completion', () => {
  it('knows tables, columns of the tables that the statement names, keywords in the case that is typed, and commands', async () => {
    const completion = new Completion(client);
    const complete = async (line: string, before = '') => (await completion.complete(line, before))[0];
    expect(await complete('SELECT * FROM peo')).toEqual(['people']);
    expect(await complete('SELECT * FROM demo.peo')).toEqual(['demo.people']);
    expect(await complete('SEL')).toEqual(['SELECT']);
    expect(await complete('sel')).toEqual(['select']);
    expect(await complete('WHERE pai', 'SELECT * FROM demo.people')).toEqual(['paid']);
    expect(await complete('\\co')).toEqual(['\\copy']);
  });
});
