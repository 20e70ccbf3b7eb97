import { status } from '@grpc/grpc-js';
import { Field, Int32, Schema, Utf8 } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batchToRows } from '../../../src/arrow/index.js';
import type { BoundStatement, ResultStream } from '../../../src/engine/contract.js';
import type { ClusterPlace, ClusterQuery, QueryOptions } from '../../../src/engine/routing/contract.js';
import { SparkEngine } from '../../../src/engine/spark/index.js';
import { startCluster, type TestCluster } from './cluster.js';

const schema = new Schema([new Field('c0', new Int32(), true)]);
const statement: BoundStatement = { sql: 'SELECT 1 AS x', tables: [], functions: [], salt: () => '' };
const tree = {
  type: 'SELECT_NODE',
  modifiers: [],
  cte_map: { map: [] },
  select_list: [{ class: 'CONSTANT', alias: 'x', value: { type: { id: 'INTEGER' }, is_null: false, value: 1 } }],
  from_table: { type: 'EMPTY' },
};
const batch = (...values: number[]) => ({ schema, rows: values.map((value) => [value]) });

let cluster: TestCluster;
let engine: SparkEngine;
let place: ClusterPlace;
beforeEach(async () => {
  cluster = await startCluster();
  engine = new SparkEngine({
    name: 'spark',
    endpoint: `sc://127.0.0.1:${cluster.port}`,
    tls: false,
    sendsToken: false,
    catalogProperties: { 'io-impl': 'x.S3FileIO' },
    catalogs: () => ({ 'my.lake': { uri: 'https://catalog/api', warehouse: 'w', vendsCredentials: true } }),
  });
  place = engine.open();
});
afterEach(async () => {
  await place.close();
  await engine.close();
  cluster.stop();
});

function query(options: Partial<QueryOptions> = {}, in_ = place): ClusterQuery {
  const found = in_.query(statement, {
    tree,
    schema,
    batchBytes: 1 << 20,
    signal: new AbortController().signal,
    caller: { user: 'ada', authorization: 'Bearer t0ken' },
    ...options,
  });
  if (typeof found === 'string') throw new Error(found);
  return found;
}

async function valuesOf({ batches }: ResultStream): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const each of batches) values.push(...batchToRows(schema, each).flat());
  return values;
}

it('a cluster that computes in another way than Apache Spark gets no query, and none of its sessions is left open', async () => {
  cluster.failsOnOverflow = false;
  await expect(query().run()).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringMatching(/"spark" does not compute as Apache Spark/),
  });
  expect(cluster.methods()).toEqual(['Config', 'ReleaseSession']);
  cluster.failsOnOverflow = true;
  cluster.answers = [[batch(7), 'complete']];
  expect(await valuesOf(await query().run())).toEqual([7]);
});

describe('a session in a cluster', () => {
  it("has catalogs that carry the caller's own token, and the settings by which both engines mean the same", async () => {
    cluster.answers = [[batch(1), 'complete']];
    expect(await valuesOf(await query().run())).toEqual([1]);
    const config = cluster.requests.find(({ method }) => method === 'Config');
    const properties = Object.fromEntries((config?.operation?.set.pairs ?? []).map(({ key, value }) => [key, value]));
    expect(properties).toMatchObject({
      'spark.sql.ansi.enabled': 'true',
      'spark.sql.session.timeZone': 'UTC',
      'spark.sql.catalog.skua_my_2e_lake': 'org.apache.iceberg.spark.SparkCatalog',
      'spark.sql.catalog.skua_my_2e_lake.uri': 'https://catalog/api',
      'spark.sql.catalog.skua_my_2e_lake.token': 't0ken',
      'spark.sql.catalog.skua_my_2e_lake.token-refresh-enabled': 'false',
      'spark.sql.catalog.skua_my_2e_lake.header.X-Iceberg-Access-Delegation': 'vended-credentials',
      'spark.sql.catalog.skua_my_2e_lake.io-impl': 'x.S3FileIO',
    });
    expect(config?.user_context.user_id).toBe('ada');
    expect(config?.authorization).toBeUndefined();
  });

  it('serves the statements of one token, is opened anew for a newer one, and released when its last statement ends', async () => {
    cluster.answers = [
      [batch(1), 'complete'],
      [batch(2), 'wait'],
      [batch(3), 'complete'],
    ];
    await valuesOf(await query().run());
    const running = await query().run();
    const newer = { user: 'ada', authorization: 'Bearer newer' };
    expect(await valuesOf(await query({ caller: newer }).run())).toEqual([3]);
    const [first, second] = cluster.requests
      .filter(({ method }) => method === 'Config')
      .map(({ session_id }) => session_id);
    expect(
      cluster.requests.filter(({ method }) => method === 'ExecutePlan').map(({ session_id }) => session_id),
    ).toEqual([first, first, second]);
    expect(cluster.methods()).not.toContain('ReleaseSession');
    await running.close();
    await vi.waitFor(() =>
      expect(
        cluster.requests.filter(({ method }) => method === 'ReleaseSession').map(({ session_id }) => session_id),
      ).toEqual([first]),
    );
    await place.close();
    expect(cluster.requests.at(-1)).toMatchObject({ method: 'ReleaseSession', session_id: second });
  });

  it('is another one for each place, also of the same caller', async () => {
    const other = engine.open();
    cluster.answers = [
      [batch(1), 'complete'],
      [batch(1), 'complete'],
    ];
    await valuesOf(await query().run());
    await valuesOf(await query({}, other).run());
    const sessions = cluster.requests.filter(({ method }) => method === 'Config').map(({ session_id }) => session_id);
    expect(new Set(sessions).size).toBe(2);
    await other.close();
  });

  it('that the cluster has forgotten is opened anew, once, before the first row', async () => {
    const forgotten = { message: 'no such session', errorClass: 'INVALID_HANDLE.SESSION_CLOSED', sqlState: 'HY000' };
    cluster.answers = [[forgotten], [batch(7), 'complete'], [batch(1), forgotten]];
    expect(await valuesOf(await query().run())).toEqual([7]);
    await expect(query().run().then(valuesOf)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('has ended the session'),
    });
  });

  it('that the cluster refuses to open is an error, and tried again the next time', async () => {
    cluster.refusal = { message: 'no', code: status.PERMISSION_DENIED };
    await expect(query().run()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    cluster.answers = [[batch(1), 'complete']];
    expect(await valuesOf(await query().run())).toEqual([1]);
  });
});

describe('the rows of an execution', () => {
  it('come once and in order where the stream ends early or breaks in between', async () => {
    cluster.answers = [
      [batch(1), batch(2), 'end'],
      [batch(3), 'break'],
      [batch(4), 'complete'],
    ];
    expect(await valuesOf(await query().run())).toEqual([1, 2, 3, 4]);
    const reattached = cluster.requests.filter(({ method }) => method === 'ReattachExecute');
    expect(reattached.map(({ last_response_id }) => last_response_id)).toEqual(['r2', 'r3']);
    const operations = cluster.requests.flatMap(({ operation_id }) => operation_id ?? []).filter((id) => id !== '');
    expect(new Set(operations).size).toBe(1);
    await vi.waitFor(() => expect(cluster.methods()).toContain('ReleaseExecute'));
    expect(cluster.methods()).not.toContain('Interrupt');
  });

  it.each([
    ['a batch is missing', [batch(1), { ...batch(2), offset: 5 }, 'complete']],
    ['a batch is shorter than it says', [batch(1), { ...batch(2), count: 2 }, 'complete']],
  ] as const)('are no answer where %s: DATA_LOSS', async (_, answers) => {
    cluster.answers = [[...answers]];
    await expect(query().run().then(valuesOf)).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('of other types than announced are refused', async () => {
    const texts = new Schema([new Field('c0', new Utf8(), true)]);
    cluster.answers = [[{ schema: texts, rows: [['x']] }, 'complete']];
    await expect(query().run()).rejects.toMatchObject({
      code: 'UNKNOWN',
      message: expect.stringContaining('(Int32) were announced'),
    });
  });

  it('are split where a batch is larger than asked for', async () => {
    cluster.answers = [[batch(...Array.from({ length: 1000 }, (_, index) => index)), 'complete']];
    const { batches } = await query({ batchBytes: 1024 }).run();
    const lengths: number[] = [];
    for await (const { length } of batches) lengths.push(length);
    expect(lengths).toEqual([250, 250, 250, 250]);
  });

  it('are told how far they are', async () => {
    let read: () => number | undefined = () => undefined;
    cluster.answers = [[{ progress: [1, 4] }, batch(1), { progress: [4, 4] }, batch(2), 'complete']];
    const stream = await query({
      onProgress: (reader) => {
        read = reader;
      },
    }).run();
    expect(read()).toBe(0.25);
    await valuesOf(stream);
    expect(read()).toBe(1);
  });

  it('end where they are cancelled, or where nobody reads on: the cluster is told to stop', async () => {
    const abort = new AbortController();
    cluster.answers = [[batch(1), 'wait'], ['wait'], [batch(1), 'wait']];
    const stream = await query({ signal: abort.signal }).run();
    const rest = valuesOf(stream);
    abort.abort();
    await expect(rest).rejects.toMatchObject({ code: 'CANCELLED' });
    const second = new AbortController();
    const starting = query({ signal: second.signal }).run();
    setTimeout(() => second.abort(), 50);
    await expect(starting).rejects.toMatchObject({ code: 'CANCELLED' });
    await (await query().run()).close();
    await vi.waitFor(() => expect(cluster.methods().filter((method) => method === 'Interrupt')).toHaveLength(3));
  });
});

describe('a failure in the cluster', () => {
  const iceberg = (name: string, message: string) => ({ classes: [`org.apache.iceberg.exceptions.${name}`], message });
  const outer = { classes: ['org.apache.spark.SparkException'], message: 'Job aborted' };
  it.each([
    [
      "a refusal of the catalog, in the catalog's words",
      {
        message: 'short',
        causes: [outer, iceberg('ForbiddenException', 'Forbidden: Principal ada is not authorized')],
      },
      'PERMISSION_DENIED',
      'Principal ada is not authorized',
    ],
    [
      'a token that the catalog refuses',
      { message: 'short', causes: [iceberg('NotAuthorizedException', 'Not authorized: expired')] },
      'UNAUTHENTICATED',
      'expired',
    ],
    [
      'a value that can not be',
      {
        message: 'x',
        sqlState: '22012',
        errorClass: 'DIVIDE_BY_ZERO',
        causes: [{ classes: ['X'], message: 'Division by zero.\n== SQL ==\nSELECT' }],
      },
      'INVALID_ARGUMENT',
      'Engine "spark": Division by zero.',
    ],
    [
      'SQL that it lacks',
      { message: 'no', sqlState: '0A000', errorClass: 'UNSUPPORTED_SUBQUERY' },
      'UNIMPLEMENTED',
      'Engine "spark": no',
    ],
    [
      'memory that is not there',
      { message: 'heap', causes: [{ classes: ['java.lang.OutOfMemoryError'], message: 'Java heap space' }] },
      'RESOURCE_EXHAUSTED',
      'Engine "spark": Java heap space',
    ],
    [
      'an interrupt from elsewhere',
      { message: 'canceled', errorClass: 'OPERATION_CANCELED', sqlState: 'HY008' },
      'CANCELLED',
      'Engine "spark": canceled',
    ],
    [
      'a cluster that asks who calls',
      { message: 'who are you', code: status.UNAUTHENTICATED },
      'UNAUTHENTICATED',
      'Engine "spark": who are you',
    ],
    [
      'a message with the token in it',
      { message: 'token t0ken is odd' },
      'UNKNOWN',
      'Engine "spark": token [token] is odd',
    ],
  ])('is the same error as everywhere: %s', async (_, failure, code, message) => {
    cluster.answers = [[failure]];
    await expect(query().run()).rejects.toMatchObject({ code, message });
  });

  it('that can not be reached is UNAVAILABLE', async () => {
    cluster.stop();
    await expect(query().run()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`The cluster of engine "spark" can't be reached`),
    });
  });
});
