/** What the columns that statements wrote are made of, as the events of a run say it (OpenLineage, `columnLineage` facet 1-2-0). */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromArrays } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { startTestServer, type TestServer } from './support/server.js';

interface InputField {
  namespace: string;
  name: string;
  field: string;
  transformations: { type: string; subtype: string; masking: boolean }[];
}

interface SchemaFacet {
  fields: { name: string }[];
}

interface Facet {
  _producer: string;
  _schemaURL: string;
  fields: Record<string, { inputFields: InputField[] }>;
  dataset?: InputField[];
}

interface Dataset {
  namespace: string;
  name: string;
  facets: { columnLineage?: Facet; schema?: SchemaFacet };
}

interface RunEvent {
  eventType: string;
  job: { name: string };
  inputs: Dataset[];
  outputs: Dataset[];
}

let folder: string;
let server: TestServer;
let client: FlightSqlClient;
let lineageFile: string;

const lines = async () =>
  (await readFile(lineageFile, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
const events = async () => (await lines()).map((line) => JSON.parse(line) as RunEvent);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skua-column-lineage-'));
  lineageFile = join(folder, 'lineage.jsonl');
  server = await startTestServer({
    policies: [
      {
        table: 'demo.customers',
        role: 'catalog_admin',
        rowFilter: { type: 'eq', left: { type: 'reference', name: 'region' }, right: 'EU' },
        masks: { email: 'sha-256-global', 'address.street': 'replace-with-null' },
      },
    ],
    settings: `[lineage]\nfile = ${JSON.stringify(lineageFile)}\n`,
  });
  client = await server.client('adminuser');
  for (const statement of [
    'CREATE TABLE orders (id BIGINT, customer BIGINT, amount BIGINT, note VARCHAR)',
    "INSERT INTO orders VALUES (1, 7, 10, 'SECRET-ONE'), (2, 8, 20, 'SECRET-TWO')",
    'CREATE TABLE rates (customer BIGINT, rate BIGINT)',
    'INSERT INTO rates VALUES (7, 2), (8, 3)',
    'CREATE TABLE customers (id BIGINT, region VARCHAR, email VARCHAR, address STRUCT(city VARCHAR, street VARCHAR))',
    "INSERT INTO customers VALUES (7, 'EU', 'ada@example.org', {'city': 'Bern', 'street': 'Gasse 1'})",
    'CREATE TABLE totals (customer BIGINT, total BIGINT, kind VARCHAR)',
  ]) {
    await client.executeUpdate(statement);
  }
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The event of the statement, which is the last one then. */
async function eventOf(work: () => Promise<unknown>): Promise<RunEvent> {
  const before = (await events()).length;
  await work();
  await expect.poll(async () => (await events()).length).toBeGreaterThan(before);
  return (await events()).at(-1) as RunEvent;
}

/** As `orders.amount AGGREGATION`; what is read through a mask has a `*`. */
function shown(inputs: readonly InputField[]): string {
  return inputs
    .map(({ name, field, transformations }) => {
      const ways = transformations.map(({ subtype, masking }) => `${subtype}${masking ? '*' : ''}`);
      return `${name.replace('demo.', '')}.${field} ${ways.join(' ')}`;
    })
    .sort()
    .join(', ');
}

/** What the last output is made of; undefined without the facet. */
async function lineageOf(sql: string): Promise<Record<string, string> | undefined> {
  const event = await eventOf(() => client.executeUpdate(sql));
  expect(event.eventType).toBe('COMPLETE');
  return shownFacet(event);
}

function shownFacet({ outputs }: RunEvent): Record<string, string> | undefined {
  const facet = outputs.at(-1)?.facets.columnLineage;
  if (!facet) return undefined;
  const fields = Object.entries(facet.fields).map(([name, { inputFields }]) => [name, shown(inputFields)]);
  return Object.fromEntries([...fields, ...(facet.dataset ? [['*', shown(facet.dataset)]] : [])]);
}

describe('an event', () => {
  it('of INSERT … SELECT says it for each column, and for the rows', async () => {
    expect(
      await lineageOf(`INSERT INTO totals (customer, total)
        SELECT customer, sum(amount * rate) FROM orders JOIN rates USING (customer) WHERE note <> 'SECRET-TWO' GROUP BY customer`),
    ).toEqual({
      customer: 'orders.customer IDENTITY',
      total: 'orders.amount AGGREGATION, rates.rate AGGREGATION',
      kind: '',
      '*': 'orders.customer JOIN GROUP_BY, orders.note FILTER, rates.customer JOIN',
    });
  });

  it('of INSERT … BY NAME and of INSERT OVERWRITE says it by the names of the table', async () => {
    expect(await lineageOf('INSERT INTO totals BY NAME SELECT note AS kind, id AS total FROM orders')).toEqual({
      customer: '',
      total: 'orders.id IDENTITY',
      kind: 'orders.note IDENTITY',
      '*': '',
    });
    expect(await lineageOf('INSERT OVERWRITE totals SELECT customer, total + 1, kind FROM totals')).toEqual({
      customer: '',
      total: 'totals.total TRANSFORMATION',
      kind: '',
      '*': '',
    });
  });

  it('of CREATE TABLE AS says it, also where one is replaced and where columns get names', async () => {
    expect(await lineageOf('CREATE TABLE copies AS SELECT *, amount + 1 AS more FROM orders WHERE id > 1')).toEqual({
      id: 'orders.id IDENTITY',
      customer: 'orders.customer IDENTITY',
      amount: 'orders.amount IDENTITY',
      note: 'orders.note IDENTITY',
      more: 'orders.amount TRANSFORMATION',
      '*': 'orders.id FILTER',
    });
    expect(
      await lineageOf(
        'CREATE OR REPLACE TABLE copies (one, two) AS WITH o AS (FROM orders) SELECT id, o.amount FROM o',
      ),
    ).toEqual({ one: 'orders.id IDENTITY', two: 'orders.amount IDENTITY', '*': '' });
  });

  it('of CREATE VIEW says it, and what is read through views comes from their tables', async () => {
    expect(
      await lineageOf('CREATE VIEW spent AS SELECT customer AS who, amount * 2 AS twice FROM orders WHERE id > 0'),
    ).toEqual({
      who: 'orders.customer IDENTITY',
      twice: 'orders.amount TRANSFORMATION',
      '*': 'orders.id FILTER',
    });
    expect(await lineageOf('INSERT INTO totals (customer, total) SELECT who, twice FROM spent')).toEqual({
      customer: 'orders.customer IDENTITY',
      total: 'orders.amount TRANSFORMATION',
      kind: '',
      '*': 'orders.id FILTER',
    });
  });

  it('of UPDATE says it for the columns that are assigned', async () => {
    expect(
      await lineageOf(
        "UPDATE orders SET amount = amount * rate, note = 'x' FROM rates WHERE orders.customer = rates.customer",
      ),
    ).toEqual({
      amount: 'orders.amount TRANSFORMATION, rates.rate TRANSFORMATION',
      note: '',
      '*': 'orders.customer FILTER, rates.customer FILTER',
    });
  });

  it('of MERGE says it for the columns that its clauses give values', async () => {
    expect(
      await lineageOf(`MERGE INTO totals t USING (SELECT customer, rate FROM rates) s ON t.customer = s.customer
        WHEN MATCHED AND t.kind IS NULL THEN UPDATE SET total = t.total + s.rate
        WHEN NOT MATCHED THEN INSERT (customer, total) VALUES (s.customer, s.rate)`),
    ).toEqual({
      customer: 'rates.customer IDENTITY',
      total: 'rates.rate IDENTITY TRANSFORMATION, totals.kind CONDITIONAL, totals.total TRANSFORMATION',
      kind: '',
      '*': 'rates.customer JOIN, totals.customer JOIN, totals.kind CONDITIONAL',
    });
  });

  it('of MERGE with stars and of an assigned field of a struct says it by names', async () => {
    await client.executeUpdate('CREATE TABLE people (id BIGINT, home STRUCT(city VARCHAR, street VARCHAR))');
    await client.executeUpdate("INSERT INTO people VALUES (1, {'city': 'Bern', 'street': 'Gasse 1'})");
    expect(
      await lineageOf(`MERGE INTO rates USING (SELECT customer, amount AS rate FROM orders) AS s ON rates.customer = s.customer
        WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`),
    ).toEqual({
      customer: 'orders.customer IDENTITY',
      rate: 'orders.amount IDENTITY',
      '*': 'orders.customer JOIN, rates.customer JOIN',
    });
    expect(await lineageOf('UPDATE people SET home.city = note FROM orders WHERE orders.id = people.id')).toEqual({
      home: 'orders.note TRANSFORMATION, people.home TRANSFORMATION',
      '*': 'orders.id FILTER, people.id FILTER',
    });
  });

  it('names hidden columns and earlier snapshots by the table that they are of', async () => {
    expect(
      await lineageOf(
        'CREATE TABLE files AS SELECT _file AS file, count(*) AS n FROM orders WHERE _pos >= 0 GROUP BY _file',
      ),
    ).toEqual({ file: 'orders._file IDENTITY', n: '', '*': 'orders._file GROUP_BY, orders._pos FILTER' });
    expect(
      await lineageOf("CREATE TABLE before AS SELECT o.id FROM orders AS o AT (TIMESTAMP => TIMESTAMP '2999-01-01')"),
    ).toEqual({ id: 'orders.id IDENTITY', '*': '' });
  });

  it('of a prepared statement is that of its text', async () => {
    const statement = await client.prepare('INSERT INTO rates SELECT customer, amount + ? FROM orders WHERE id > ?');
    const event = await eventOf(() => statement.executeUpdate({ parameters: [1, 0] }));
    await statement.close();
    expect(shownFacet(event)).toEqual({
      customer: 'orders.customer IDENTITY',
      rate: 'orders.amount TRANSFORMATION',
      '*': 'orders.id FILTER',
    });
  });

  it('of a statement with RETURNING says it too', async () => {
    const event = await eventOf(async () => {
      const { batches } = await client.execute('INSERT INTO rates SELECT id, amount FROM orders RETURNING rate');
      for await (const _ of batches);
    });
    expect(shownFacet(event)).toEqual({ customer: 'orders.id IDENTITY', rate: 'orders.amount IDENTITY', '*': '' });
  });

  it('says what is masked, and what a row filter looks at', async () => {
    expect(
      await lineageOf(
        'CREATE TABLE known AS SELECT id, email, address.city AS city, length(email) AS n FROM customers ORDER BY email',
      ),
    ).toEqual({
      id: 'customers.id IDENTITY',
      email: 'customers.email TRANSFORMATION*',
      city: 'customers.address TRANSFORMATION*',
      n: 'customers.email TRANSFORMATION*',
      '*': 'customers.email SORT*, customers.region FILTER',
    });
  });

  it('names metadata tables as inputs', async () => {
    expect(
      await lineageOf('CREATE TABLE history AS SELECT snapshot_id AS id, summary FROM "orders$snapshots"'),
    ).toEqual({
      id: 'orders$snapshots.snapshot_id IDENTITY',
      summary: 'orders$snapshots.summary IDENTITY',
      '*': '',
    });
  });

  it('of COMMIT says it of all that the transaction wrote', async () => {
    await client.executeUpdate('BEGIN');
    await client.executeUpdate('INSERT INTO totals (customer) SELECT customer FROM orders');
    await client.executeUpdate('INSERT INTO totals (customer) SELECT customer + 1 FROM rates WHERE rate > 1');
    expect(await lineageOf('COMMIT')).toEqual({
      customer: 'orders.customer IDENTITY, rates.customer TRANSFORMATION',
      total: '',
      kind: '',
      '*': 'rates.rate FILTER',
    });
  });

  it('of a transaction that the driver ends says the same', async () => {
    const transaction = await client.begin();
    await transaction.executeUpdate('INSERT INTO totals (customer) SELECT customer FROM orders');
    const event = await eventOf(() => transaction.commit());
    expect(event.outputs.map(({ name }) => name)).toEqual(['demo.totals']);
    expect(shownFacet(event)).toEqual({ customer: 'orders.customer IDENTITY', total: '', kind: '', '*': '' });
  });

  it('of COMMIT says nothing of columns that one of the statements filled with what can not be told', async () => {
    await client.executeUpdate('BEGIN');
    await client.executeUpdate('INSERT INTO totals (customer, total) SELECT customer, amount FROM orders');
    await client.executeUpdate("INSERT INTO totals (customer) SELECT COLUMNS(c -> c = 'customer') FROM rates");
    expect(await lineageOf('COMMIT')).toBeUndefined();
  });

  it('of what IF NOT EXISTS found says nothing', async () => {
    expect(await lineageOf('CREATE VIEW IF NOT EXISTS spent AS SELECT rate FROM rates')).toBeUndefined();
    expect(await lineageOf('CREATE TABLE IF NOT EXISTS totals AS SELECT rate FROM rates')).toBeUndefined();
  });

  it('of values, of what a client sent, and of what only the session knows says nothing', async () => {
    expect(await lineageOf('INSERT INTO rates VALUES (9, 9)')).toBeUndefined();
    const ingested = await eventOf(() =>
      client.ingest({ schema: 'demo', table: 'ingested' }, tableFromArrays({ i: [1, 2] })),
    );
    expect([ingested.outputs.at(-1)?.name, shownFacet(ingested)]).toEqual(['demo.ingested', undefined]);
    await client.executeUpdate('CREATE TEMP TABLE own AS SELECT id AS a FROM orders');
    expect(await lineageOf('INSERT INTO rates SELECT a, 3 FROM own')).toEqual({ rate: '', '*': '' });
    expect(await lineageOf('DELETE FROM rates WHERE rate = 3')).toBeUndefined();
  });

  it('of a statement that failed says nothing of columns', async () => {
    const sql = "INSERT INTO rates SELECT id, error('no') FROM orders";
    const event = await eventOf(() => client.executeUpdate(sql).catch(() => 0));
    expect([event.eventType, event.outputs]).toEqual(['FAIL', []]);
  });
});

describe('the events of the run', () => {
  it('name among their inputs and outputs all that the facet names', async () => {
    const columnsOf = (datasets: readonly Dataset[]) =>
      datasets.flatMap(({ name, facets }) => (facets.schema?.fields ?? []).map((field) => `${name}.${field.name}`));
    for (const { inputs, outputs } of await events()) {
      for (const output of outputs) {
        const { fields = {}, dataset = [] } = output.facets.columnLineage ?? {};
        expect(columnsOf([output])).toEqual(
          expect.arrayContaining(Object.keys(fields).map((field) => `${output.name}.${field}`)),
        );
        const used = [...Object.values(fields).flatMap(({ inputFields }) => inputFields), ...dataset];
        expect(columnsOf(inputs)).toEqual(expect.arrayContaining(used.map(({ name, field }) => `${name}.${field}`)));
      }
    }
  });

  it('have the shape of the specification, and no literal', async () => {
    const facets = (await events()).flatMap(({ outputs }) =>
      outputs.flatMap(({ facets }) => facets.columnLineage ?? []),
    );
    expect(facets.length).toBeGreaterThan(10);
    for (const facet of facets) {
      const { _producer, _schemaURL, fields, dataset, ...rest } = facet;
      expect(rest).toEqual({});
      expect(_producer).toMatch(/^urn:skua:/);
      expect(_schemaURL).toBe('https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json');
      for (const field of Object.values(fields)) expect(Object.keys(field)).toEqual(['inputFields']);
      for (const input of [...Object.values(fields).flatMap(({ inputFields }) => inputFields), ...(dataset ?? [])]) {
        checkInput(input);
      }
      for (const { transformations } of dataset ?? []) {
        expect(transformations.every(({ type }) => type === 'INDIRECT')).toBe(true);
      }
    }
    expect((await lines()).join('')).not.toMatch(/SECRET/);
  });
});

const SUBTYPES: Record<string, string[]> = {
  DIRECT: ['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'],
  INDIRECT: ['JOIN', 'GROUP_BY', 'FILTER', 'SORT', 'WINDOW', 'CONDITIONAL'],
};

/** What the specification wants of an input field, and which words it has for its transformations. */
function checkInput({ transformations, ...names }: InputField): void {
  expect(Object.keys(names).sort()).toEqual(['field', 'name', 'namespace']);
  expect(names.namespace).toMatch(/^http:\/\//);
  expect(Object.values(names).every((name) => typeof name === 'string' && name !== '')).toBe(true);
  expect(transformations.length).toBeGreaterThan(0);
  for (const { type, subtype, masking, ...others } of transformations) {
    expect(SUBTYPES[type]).toContain(subtype);
    expect([typeof masking, others]).toEqual(['boolean', {}]);
  }
}
