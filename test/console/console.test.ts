import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { repository } from '../../scripts/real/index.mjs';
import { isMissing } from '../e2e/support/real-clients.js';
import { startTestServer, type TestServer } from '../e2e/support/server.js';
import { complaintsOf, launch } from './browser.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where screenshots go; only written where somebody asks for new ones. */
const IMAGES = process.env.SKUA_SCREENSHOTS === undefined ? undefined : join(repository, 'docs/images');

// A browser is slow on a machine that does other things.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const poll = <T>(read: () => T | Promise<T>) => expect.poll(read, { timeout: 60_000 });

let server: TestServer;
let browser: Browser;
let page: Page;
let complaints: string[];

const policies = [
  {
    table: 'demo.customers',
    role: 'analyst',
    rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'EU' },
    masks: { email: 'mask-alphanum' },
  },
] as const;

async function open(path = ''): Promise<void> {
  await page.goto(`${server.server.httpUrl}/console/${path}`);
}

async function logInAs(user: string): Promise<void> {
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByLabel('User').fill(user);
  await page.getByLabel('Password').fill(`${user}123`);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Run' }).waitFor();
}

async function run(sql: string): Promise<void> {
  const editor = page.getByLabel('SQL editor');
  // The page may still be at work on what came before, and take a part of the text for something else.
  await poll(async () => {
    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(sql);
    return (await editor.locator('.cm-line').allTextContents()).join('\n');
  }).toBe(sql);
  await page.keyboard.press('ControlOrMeta+Enter');
}

const status = () => page.getByRole('status');

/** What the status says of the last statement, with the reason where it failed. */
async function outcome(): Promise<string> {
  const [said, reasons] = await Promise.all([status().textContent(), page.getByRole('alert').allTextContents()]);
  return [said, ...reasons].join(' ');
}

/** Violations of WCAG A and AA, and of what the rules hold good besides, in both colours. */
async function expectAccessible(): Promise<void> {
  for (const name of ['Dark colours', 'Light colours']) {
    const found = await page.evaluate(
      `${AXE}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, any }) => html + ' ' + any.map(({ message }) => message)).join(' | ')))`,
    );
    expect(found).toEqual([]);
    await page.getByRole('button', { name }).click();
  }
}

async function picture(name: string): Promise<void> {
  if (IMAGES !== undefined) await page.screenshot({ path: join(IMAGES, `${name}.png`) });
}

async function download(format: string): Promise<Buffer> {
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download ${format}` }).click(),
  ]);
  return readFileSync(await file.path());
}

describe.skipIf(isMissing('chromium'))('the console, in Chromium', () => {
  beforeAll(async () => {
    const built = spawnSync(process.execPath, [join(repository, 'scripts/setup.mjs'), '--console']);
    expect(built.status).toBe(0);
    server = await startTestServer({ policies, settings: '[observe]\noperator_roles = ["catalog_admin"]\n' });
    const admin = await server.client('adminuser');
    await admin.executeUpdate(
      `CREATE TABLE demo.customers (id BIGINT NOT NULL COMMENT 'Never used again', region VARCHAR, email VARCHAR, spent DECIMAL(10, 2), since TIMESTAMP)
       PARTITIONED BY (region)`,
    );
    await admin.executeUpdate(
      `INSERT INTO demo.customers SELECT i, ['EU', 'US', 'APAC'][1 + i % 3], 'user' || i || '@example.org', i * 1.25,
       TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * i FROM range(1000) t(i)`,
    );
    await admin.executeUpdate('DELETE FROM demo.customers WHERE id % 100 = 1');
    await admin.executeUpdate(
      'CREATE VIEW demo.spending AS SELECT region, sum(spent) AS total FROM demo.customers GROUP BY region',
    );
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
    page.setDefaultTimeout(90_000);
    complaints = complaintsOf(page);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('says why a token is refused, and lets nobody in with it', async () => {
    await open();
    await picture('login');
    await page.getByLabel(/access token/).fill('not.a.token');
    await page.getByRole('button', { name: 'Use this token' }).click();
    await poll(() => page.getByRole('alert').textContent()).toMatch(/^UNAUTHENTICATED: /);
    const axe = await page.evaluate(`${AXE}; axe.run().then(({ violations }) => violations.map(({ id }) => id))`);
    expect(axe).toEqual([]);
  });

  it('logs people in at the issuer, and keeps the token in this tab alone', async () => {
    await open();
    await logInAs('adminuser');
    expect(page.url()).not.toMatch(/code=|state=/);
    const [local, cookies, session] = await Promise.all([
      page.evaluate('JSON.stringify(localStorage)'),
      page.context().cookies(),
      page.evaluate("sessionStorage.getItem('skua-login')"),
    ]);
    expect(local).not.toContain('eyJ');
    expect(cookies).toEqual([]);
    expect(session).toContain('eyJ');
    await page.reload();
    await page.getByRole('button', { name: 'Run' }).waitFor();
  });

  it('explores catalogs, schemas, tables and columns, and completes their names', async () => {
    await page.getByRole('button', { name: 'Open customers' }).click();
    await poll(() => page.locator('.leaf').allTextContents()).toContain('spentDECIMAL(10, 2)');
    await page.getByLabel('SQL editor').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('SELECT sp FROM demo.customers');
    for (let back = 0; back < ' FROM demo.customers'.length; back++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Control+Space');
    await poll(() => page.locator('.cm-tooltip-autocomplete li').allTextContents()).toContain('spentDECIMAL(10, 2)');
    await page.keyboard.press('Escape');
  });

  it('scrolls through five million rows', async () => {
    await run(
      "SELECT i, i * 1.5 AS x, 'row ' || i AS name, DATE '2026-01-01' + CAST(i % 365 AS INTEGER) AS day FROM range(5000000) t(i)",
    );
    await poll(outcome).toMatch(/^5,000,000 rows/);
    const grid = page.getByRole('grid');
    await grid.focus();
    await page.keyboard.press('ControlOrMeta+End');
    await poll(() => page.getByRole('gridcell', { name: 'row 4999999', exact: true }).count()).toBe(1);
    await picture('query-light');
    await expectAccessible();
  });

  it('sorts and filters the rows that are there', async () => {
    const sql = "SELECT i, i * 1.5 AS x, 'row ' || i AS name FROM range(300000) t(i)";
    await run(sql);
    await poll(outcome).toMatch(/^300,000 rows/);
    const grid = page.getByRole('grid');
    await page.getByTitle('Sort by i', { exact: true }).click();
    await page.getByTitle('Sort by i', { exact: true }).click();
    await grid.focus();
    await page.keyboard.press('ControlOrMeta+Home');
    await poll(() => page.getByRole('gridcell').first().textContent()).toBe('299999');
    await page.getByRole('searchbox', { name: /Filter the rows/ }).fill('row 29999');
    await page.keyboard.press('Enter');
    await poll(() => page.getByText(/left$/).textContent()).toBe('11 left');
  });

  it('draws a result, in both colours', async () => {
    await run(
      "SELECT date_trunc('day', since) AS day, sum(spent) AS spent, count(*) AS customers FROM demo.customers GROUP BY 1 ORDER BY 1",
    );
    await poll(outcome).toMatch(/^42 rows/);
    await page.getByRole('button', { name: 'Chart' }).click();
    await page.locator('.plot canvas').waitFor();
    await expectAccessible();
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await picture('chart-dark');
    await page.getByRole('button', { name: 'Light colours' }).click();
  });

  it('gives a result as CSV, JSON, Arrow and Parquet, with the same values', async () => {
    await run(
      'SELECT id, spent, since, CASE WHEN id = 2 THEN NULL ELSE email END AS email FROM demo.customers WHERE id IN (2, 3) ORDER BY id',
    );
    await poll(outcome).toMatch(/^2 rows/);
    expect(String(await download('CSV'))).toBe(
      'id,spent,since,email\r\n2,2.50,2026-01-01 02:00:00,\r\n3,3.75,2026-01-01 03:00:00,user3@example.org\r\n',
    );
    expect(JSON.parse(String(await download('JSON')))[1]).toEqual({
      id: 3,
      spent: 3.75,
      since: '2026-01-01T03:00:00',
      email: 'user3@example.org',
    });
    const table = tableFromIPC(await download('Arrow'));
    expect([table.numRows, table.getChild('id')?.get(1)]).toEqual([2, 3n]);
    const bytes = await download('Parquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    expect(await parquetReadObjects({ file })).toEqual([
      { id: 2n, spent: 2.5, since: new Date('2026-01-01T02:00:00Z'), email: null },
      { id: 3n, spent: 3.75, since: new Date('2026-01-01T03:00:00Z'), email: 'user3@example.org' },
    ]);
  });

  it('stops a statement on the server, and says that it is not whole', async () => {
    await run('SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await poll(() => server.server.running.statements).toBe(1);
    await page.keyboard.press('Escape');
    await poll(outcome).toMatch(/^Stopped/);
    await poll(() => server.server.running.statements).toBe(0);
  });

  it('marks an error at its place', async () => {
    await run('SELECT id,\n  nme FROM demo.customers');
    await poll(() => page.getByRole('alert').textContent()).toMatch(/INVALID_ARGUMENT.*"nme".*line 2, column 3/);
    await poll(() => page.locator('.cm-lintRange-error').textContent()).toBe('nme');
    await expectAccessible();
  });

  it('binds parameters', async () => {
    await run('SELECT id FROM demo.customers WHERE region = ? AND id < ?');
    await page.getByLabel('$1').fill('EU');
    await page.getByLabel('$2').fill('10');
    await page.getByRole('button', { name: 'Run' }).click();
    await poll(outcome).toMatch(/^4 rows/);
  });

  it('carries out changes and shows them in the catalog at once', async () => {
    await run('CREATE TABLE demo.made (n INTEGER); ');
    await poll(() => page.getByRole('link', { name: 'made' }).count()).toBe(1);
    await run('INSERT INTO demo.made VALUES (1), (2)');
    await poll(outcome).toMatch(/^2 rows affected/);
  });

  it('shows a table: its columns, sizes, partitions, history and what lies between two snapshots', async () => {
    await page.getByRole('link', { name: 'customers' }).click();
    await page.getByText('Never used again').waitFor();
    await poll(() => page.locator('.facts').textContent()).toMatch(/Rows in files1,000/);
    await expectAccessible();
    await page.getByRole('button', { name: 'Partitions' }).click();
    await poll(() => page.getByRole('region', { name: 'Partitions' }).textContent()).toMatch(/"region":"APAC"/);
    await page.getByRole('button', { name: 'History' }).last().click();
    await page.getByRole('button', { name: /^Compare the two/ }).click();
    await page.getByText('Rows that went: 10').waitFor();
    await page.getByText('Rows that came: 0').waitFor();
    await expectAccessible();
    await picture('history-light');
  });

  it('hands out lines for other clients, and shows the token only when asked to', async () => {
    await page.getByRole('link', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'JDBC' }).waitFor();
    expect(await page.locator('main').textContent()).not.toContain('eyJ');
    expect(await page.locator('main').textContent()).toContain(`grpc://127.0.0.1:${server.server.port}`);
    await expectAccessible();
    await picture('connect-light');
    await page.getByRole('button', { name: 'Put my token into the lines' }).click();
    expect(await page.locator('main').textContent()).toContain('token=eyJ');
  });

  it('shows what ran and what runs: the phases and scans of a statement, its plan, and a button that stops it', async () => {
    await page.getByRole('link', { name: 'Activity' }).click();
    const past = page.getByRole('region', { name: 'Past statements' });
    await past
      .getByRole('button', { name: /^SELECT date_trunc/ })
      .first()
      .click();
    const profile = page.getByRole('region', { name: 'Profile' });
    await poll(() => profile.getByRole('region', { name: 'Phases' }).textContent()).toMatch(
      /bind.*plan.*first rows.*send/,
    );
    const read = profile.getByRole('region', { name: 'What was read' });
    await poll(() => read.textContent()).toMatch(/quickstart\.demo\.customers.*read.*spent, since/);
    await profile.getByRole('button', { name: 'Show its plan' }).click();
    const plan = profile.getByRole('region', { name: 'Plan' });
    await poll(() => plan.getByRole('listitem').first().textContent()).toMatch(/^ORDER_BY/);
    expect(await plan.textContent()).toMatch(/TABLE_SCAN quickstart\.demo\.customers ~[\d,]+ rows/);
    for (const table of ['Processes', 'Sessions', 'Caches']) await page.getByRole('region', { name: table }).waitFor();
    await expectAccessible();
    await picture('activity-light');
    const long = await (await server.client('adminuser')).execute(
      'SELECT a.range FROM range(1000000000) a, range(9) b',
    );
    const running = page.getByRole('region', { name: 'Running statements' });
    await running.getByRole('button', { name: 'Stop' }).click();
    await expect(long.table()).rejects.toMatchObject({ code: 'CANCELLED' });
    await poll(() => past.getByText('cancelled').count()).toBeGreaterThan(0);
  });

  it('shows the operators that ran, with rows and times, of a statement whose session asks for them', async () => {
    await page.getByRole('link', { name: 'Query' }).click();
    await run('SET profile = true');
    await poll(outcome).not.toMatch(/running/i);
    await run('SELECT region, count(*) AS people FROM demo.customers WHERE id < 500 GROUP BY region');
    await poll(outcome).toMatch(/^3 rows/);
    await page.getByRole('link', { name: 'Activity' }).click();
    const past = page.getByRole('region', { name: 'Past statements' });
    await past
      .getByRole('button', { name: /^SELECT region, count/ })
      .first()
      .click();
    const ran = page.getByRole('region', { name: 'Profile' }).getByRole('region', { name: 'What ran' });
    await poll(() => ran.textContent()).toMatch(
      /GROUP_BY 3 rows.* ms.*TABLE_SCAN quickstart\.demo\.customers [\d,]+ rows/,
    );
    expect(await ran.textContent()).toContain('Filters id<?');
    await expectAccessible();
  });

  it('can be used at the width of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('link', { name: 'Query' }).click();
    await run(
      'SELECT region, count(*) AS customers, sum(spent) AS spent FROM demo.customers GROUP BY region ORDER BY region',
    );
    await poll(outcome).toMatch(/^3 rows/);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await picture('phone-light');
    await page.getByRole('button', { name: 'Catalog', exact: true }).click();
    await page.getByRole('link', { name: 'customers' }).waitFor();
    await expectAccessible();
    await page.getByRole('link', { name: 'customers' }).click();
    await page.getByText('Never used again').waitFor();
    await page.getByRole('button', { name: 'Dark colours' }).click();
    await picture('phone-table-dark');
    await page.getByRole('button', { name: 'Light colours' }).click();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('logs out, and shows the next person nothing of the last one', async () => {
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel(/access token/).waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    await page.getByLabel(/access token/).fill(await server.token('analyst'));
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByRole('button', { name: 'Run' }).waitFor();
    expect(await page.getByLabel('SQL editor').textContent()).not.toContain('region');
    await page.getByRole('link', { name: 'customers' }).click();
    await page.getByText('masked', { exact: true }).waitFor();
    await expectAccessible();
  });

  it('complained of nothing all the while, and asked nobody but this server and its issuer', async () => {
    expect(complaints).toEqual([]);
    const hosts = await page.evaluate<string[]>(
      "performance.getEntriesByType('resource').map(({ name }) => new URL(name).host)",
    );
    expect(new Set(hosts)).toEqual(new Set([new URL(server.server.httpUrl as string).host]));
  });

  it('is small enough to load at once', () => {
    const assets = join(repository, 'dist/console/assets');
    const sizes = readdirSync(assets).map((name) => gzipSync(readFileSync(join(assets, name))).byteLength);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600_000);
  });
});
