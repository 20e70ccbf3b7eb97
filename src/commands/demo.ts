/** `skua demo`: the whole idea in one run, over the wire, with each outcome checked. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { batchToRows } from '../arrow/index.js';
import { connect, type FlightSqlClient, formatTable } from '../client/index.js';
import type { Policy } from '../embedded/index.js';
import { messageOf, SkuaError } from '../errors.js';
import { createLogger } from '../logging.js';
import { statementsOf } from '../sql/index.js';
import { type LocalServer, startLocalServer } from './local-server.js';

const QUERIES = new URL('../../quickstart/polaris-keycloak-user-token/queries.sql', import.meta.url);
const FORGED_TOKEN = 'not.a.real.jwt';

const CUSTOMERS = [
  'CREATE TABLE quickstart.demo.customers (id BIGINT, region VARCHAR, email VARCHAR, spent DOUBLE)',
  `INSERT INTO quickstart.demo.customers VALUES
  (1, 'EU', 'ada1815@example.org', 120.50), (2, 'US', 'grace@example.com', 80.00),
  (3, 'EU', 'konrad@example.net', 42.25), (4, 'APAC', 'hedy@example.org', 9.75)`,
];

/** Analysts see their region alone, and addresses only in outline. */
const POLICIES: readonly Policy[] = [
  {
    table: 'demo.customers',
    role: 'analyst',
    rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'EU' },
    masks: { email: 'mask-alphanum' },
  },
];

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Show the whole idea on the embedded stack: an admin writes, a reader reads, an analyst sees her region and masked addresses, a forged token stays out.',
    )
    .action(async () => {
      const logger = createLogger({ level: 'warn', format: 'auto' });
      const local = await startLocalServer({ logger, port: 0, httpPort: 0, tokenLifetime: 300, policies: POLICIES });
      try {
        const outcome = new Outcome();
        process.stdout.write(`Skua listens on grpc://${local.server.address}, in front of an embedded catalog.\n`);
        await actAsAdmin(local, outcome);
        await actAsReader(local, outcome);
        await actAsAnalyst(local, outcome);
        await actAsForger(local, outcome);
        process.stdout.write(outcome.summary());
        if (!outcome.isGood) process.exitCode = 1;
      } finally {
        await local.stop();
      }
    });
}

/** What was expected and whether it came. */
class Outcome {
  readonly #wrong: string[] = [];
  #count = 0;

  check(expectation: string, holds: boolean): void {
    this.#count++;
    if (!holds) this.#wrong.push(expectation);
    process.stdout.write(`${holds ? '✓' : '✗'} ${expectation}\n`);
  }

  get isGood(): boolean {
    return this.#wrong.length === 0 && this.#count > 0;
  }

  summary(): string {
    if (this.isGood) return `\nAll ${this.#count} came out as they should.\n`;
    return `\n${this.#wrong.length} of ${this.#count} did not come out as they should:\n${this.#wrong.map((line) => `  ${line}\n`).join('')}`;
  }
}

async function actAsAdmin(local: LocalServer, outcome: Outcome): Promise<void> {
  process.stdout.write('\n── adminuser, who may write ──\n');
  const statements = statementsOf(await readFile(QUERIES, 'utf8'));
  await as(local, await local.token('adminuser'), async (client) => {
    const answers: Answer[] = [];
    for (const sql of statements) answers.push(await show(client, 'adminuser', sql));
    const [schemas, , , inserted, totals] = answers;
    outcome.check('SHOW SCHEMAS lists demo', schemas?.rows.some(([name]) => name === 'demo') === true);
    outcome.check('INSERT reports 4 rows', inserted?.affected === 4);
    const wanted = [
      ['purchase', 2n, 55.25],
      ['click', 2n, 2.25],
    ];
    outcome.check('the totals are 55.25 and 2.25', String(totals?.rows) === String(wanted));
    for (const sql of CUSTOMERS) await show(client, 'adminuser', sql);
    const all = await show(client, 'adminuser', 'SELECT * FROM quickstart.demo.customers ORDER BY id');
    outcome.check('an admin sees all 4 customers as they are', String(all.rows).includes('hedy@example.org'));
  });
}

async function actAsReader(local: LocalServer, outcome: Outcome): Promise<void> {
  process.stdout.write('\n── testuser, who may only read ──\n');
  await as(local, await local.token('testuser'), async (client) => {
    const count = await show(client, 'testuser', 'SELECT COUNT(*) AS n FROM quickstart.demo.events');
    outcome.check('a reader counts 4 rows', String(count.rows) === '4');
    const before = await local.files();
    const refusal = await refused(client, 'testuser', "INSERT INTO quickstart.demo.events VALUES (5, 'click', 1.00)");
    outcome.check('the catalog refuses the write', refusal?.code === 'PERMISSION_DENIED');
    outcome.check(
      'its own sentence says why',
      /Principal 'testuser' .* is not authorized for op/.test(refusal?.message ?? ''),
    );
    const after = await local.files();
    outcome.check('no file of it is left in the store', String(after) === String(before));
  });
}

async function actAsAnalyst(local: LocalServer, outcome: Outcome): Promise<void> {
  process.stdout.write('\n── analyst, to whom the catalog shows one region, and addresses in outline ──\n');
  await as(local, await local.token('analyst'), async (client) => {
    const seen = await show(client, 'analyst', 'SELECT * FROM quickstart.demo.customers ORDER BY id');
    const wanted = [
      [1n, 'EU', 'xxxnnnn@xxxxxxx.xxx', 120.5],
      [3n, 'EU', 'xxxxxx@xxxxxxx.xxx', 42.25],
    ];
    outcome.check('an analyst sees her region and masked addresses', String(seen.rows) === String(wanted));
    const sum = await show(client, 'analyst', 'SELECT COUNT(*) AS n, SUM(spent) AS s FROM quickstart.demo.customers');
    outcome.check('sums are those of the rows she sees', String(sum.rows) === '2,162.75');
    const guess = "SELECT COUNT(*) AS n FROM quickstart.demo.customers WHERE email = 'ada1815@example.org'";
    outcome.check('a guessed address finds nobody', String((await show(client, 'analyst', guess)).rows) === '0');
    const columns = await show(client, 'analyst', 'DESCRIBE quickstart.demo.customers');
    outcome.check('DESCRIBE says what is masked', String(columns.rows).includes('masked for you (mask-alphanum)'));
  });
}

async function actAsForger(local: LocalServer, outcome: Outcome): Promise<void> {
  process.stdout.write('\n── somebody with a forged token ──\n');
  const before = requestsOf(local);
  await as(local, FORGED_TOKEN, async (client) => {
    const refusal = await refused(client, 'nobody', 'SELECT COUNT(*) FROM quickstart.demo.events');
    outcome.check('the token is refused', refusal?.code === 'UNAUTHENTICATED');
  });
  outcome.check('the catalog saw no request', requestsOf(local) === before);
}

/** Reports of what was done before may still be on their way. */
function requestsOf({ stack }: LocalServer): number {
  return stack.catalog.requests.entries.filter(({ path }) => !path.endsWith('/metrics')).length;
}

async function as(local: LocalServer, token: string, act: (client: FlightSqlClient) => Promise<void>): Promise<void> {
  const client = connect({ address: local.server.address, token });
  try {
    await act(client);
  } finally {
    client.close();
  }
}

interface Answer {
  rows: unknown[][];
  affected?: number;
}

async function show(client: FlightSqlClient, user: string, sql: string): Promise<Answer> {
  process.stdout.write(`\n${user}> ${sql};\n`);
  const result = await client.run(sql);
  if (result.kind === 'update') {
    const affected = result.affectedRows;
    process.stdout.write(affected <= 0 ? 'done\n' : `${affected} rows affected\n`);
    return { rows: [], affected };
  }
  const rows: unknown[][] = [];
  for await (const batch of result.batches) rows.push(...batchToRows(result.schema, batch));
  process.stdout.write(formatTable(result.schema, rows));
  return { rows };
}

async function refused(client: FlightSqlClient, user: string, sql: string): Promise<SkuaError | undefined> {
  try {
    await show(client, user, sql);
    return undefined;
  } catch (error) {
    if (!(error instanceof SkuaError)) throw error;
    process.stdout.write(`${error.code}: ${messageOf(error)}\n`);
    return error;
  }
}
