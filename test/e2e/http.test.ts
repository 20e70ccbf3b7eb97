import { request as nodeRequest } from 'node:http';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let token: string;

beforeAll(async () => {
  server = await startTestServer();
  token = await server.token('adminuser');
}, 60_000);

afterAll(() => server?.stop());

interface Sent {
  sql?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function post({ sql, body = { sql }, headers = {}, signal }: Sent): Promise<Response> {
  return fetch(`${server.server.httpUrl}/v1/statements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/** Rows of the answer as JSON. */
async function rows(sent: Sent): Promise<unknown[][]> {
  const response = await post(sent);
  expect(response.status, await response.clone().text()).toBe(200);
  return ((await response.json()) as { rows: unknown[][] }).rows;
}

async function problem(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}

/** What a client that knows trailers receives of an answer. */
function raw(
  sql: string,
  headers: Record<string, string>,
): Promise<{ body: Buffer; trailers: NodeJS.Dict<string>; complete: boolean }> {
  return new Promise((resolve, reject) => {
    const url = `${server.server.httpUrl}/v1/statements`;
    const all = { authorization: `Bearer ${token}`, 'content-type': 'application/sql', ...headers };
    let answered = false;
    const request = nodeRequest(url, { method: 'POST', headers: all }, (response) => {
      answered = true;
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', () => {});
      response.on('close', () =>
        resolve({ body: Buffer.concat(pieces), trailers: response.trailers, complete: response.complete }),
      );
    });
    // A reset connection is told to both sides of the exchange.
    request.on('error', (error) => answered || reject(error));
    request.end(sql);
  });
}

/** Fails in its second batch or later. */
const LATE = "SELECT CASE WHEN range = 400000 THEN error('far down') ELSE range END AS n FROM range(500000)";

describe('a statement over HTTP', () => {
  it('is answered as JSON with its columns, every digit of its numbers and a count that shows it to be whole', async () => {
    const response = await post({
      sql: "SELECT 9007199254740993 AS n, 'ä' AS t, DATE '2024-02-29' AS d, NULL AS nothing",
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('skua-statement')).toMatch(/^[0-9a-f-]{36}$/);
    const text = await response.text();
    expect(text).toContain('[9007199254740993, "ä", "2024-02-29", null]');
    expect(JSON.parse(text)).toMatchObject({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 't', type: 'VARCHAR' },
        { name: 'd', type: 'DATE' },
        { name: 'nothing', type: 'INTEGER' },
      ],
      row_count: 1,
    });
  });

  it('is answered as an Arrow stream, which holds what Flight SQL would give', async () => {
    const response = await post({
      sql: 'SELECT range AS n, range::DECIMAL(10,2) AS d FROM range(100000)',
      headers: { accept: 'application/vnd.apache.arrow.stream' },
    });
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.arrow.stream');
    const table = tableFromIPC(new Uint8Array(await response.arrayBuffer()));
    expect(table.numRows).toBe(100_000);
    expect(table.getChild('n')?.get(99_999)).toBe(99_999n);
    expect(String(table.schema.fields[1]?.type)).toMatch(/Decimal\[10e\+?2\]/);
  });

  it('is answered as CSV or as one object a line', async () => {
    const sql = "SELECT 1 AS a, 'x,\"y\"' AS b UNION ALL SELECT NULL, '' ORDER BY 1 NULLS LAST";
    const csv = await post({ sql, headers: { accept: 'text/csv' } });
    expect(await csv.text()).toBe('a,b\r\n1,"x,""y"""\r\n,""\r\n');
    const lines = await post({ sql, headers: { accept: 'text/html;q=0.9, application/x-ndjson' } });
    expect(
      (await lines.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { a: 1, b: 'x,"y"' },
      { a: null, b: '' },
    ]);
  });

  it('is answered as a Parquet file', async () => {
    const sql = "SELECT range AS n, [range, NULL] AS l, {'a': range::DECIMAL(10,2)} AS s FROM range(2)";
    const answer = await post({ sql, headers: { accept: 'application/vnd.apache.parquet' } });
    expect(answer.headers.get('content-type')).toBe('application/vnd.apache.parquet');
    expect(await parquetReadObjects({ file: await answer.arrayBuffer() })).toEqual([
      { n: 0n, l: [0n, null], s: { a: 0 } },
      { n: 1n, l: [1n, null], s: { a: 1 } },
    ]);
  });

  it('without rows has its columns all the same', async () => {
    expect(await (await post({ sql: 'SELECT 1 AS a WHERE false' })).json()).toMatchObject({
      columns: [{ name: 'a' }],
      rows: [],
      row_count: 0,
    });
    const arrow = await post({
      sql: 'SELECT 1 AS a WHERE false',
      headers: { accept: 'application/vnd.apache.arrow.stream' },
    });
    expect(tableFromIPC(new Uint8Array(await arrow.arrayBuffer())).schema.fields.map(({ name }) => name)).toEqual([
      'a',
    ]);
    expect(await (await post({ sql: 'SELECT 1 AS a WHERE false', headers: { accept: 'text/csv' } })).text()).toBe(
      'a\r\n',
    );
  });

  it('may be sent as its bare text', async () => {
    const sent = { body: 'SELECT 42 AS n', headers: { 'content-type': 'application/sql' } };
    expect(await rows(sent)).toEqual([[42]]);
  });

  it('takes parameters of every type that JSON has, and several rows of them', async () => {
    const sql = 'SELECT ? + 1 AS a, upper(?) AS b, ? AS c, ?::DATE AS d, ?[2] AS e, ? IS NULL AS f';
    const parameters = [41, 'ä', true, '2024-02-29', [1, 2], null];
    expect(await rows({ body: { sql, parameters } })).toEqual([[42, 'Ä', true, '2024-02-29', 2, true]]);
    const exact = await post({ body: '{"sql": "SELECT ? AS n", "parameters": [9007199254740993]}' });
    expect(await exact.text()).toContain('[9007199254740993]');
    const many = { sql: 'SELECT ? * 2 AS n', parameter_rows: [[1], [2.5], [null]] };
    expect(await rows({ body: many })).toEqual([[2], [5], [null]]);
  });

  it('changes data, and answers with the number of rows', async () => {
    await rows({ sql: 'CREATE TABLE quickstart.demo.web (id BIGINT, note VARCHAR)' });
    const sql = 'INSERT INTO quickstart.demo.web VALUES (?, ?)';
    expect(
      await rows({
        body: {
          sql,
          parameter_rows: [
            [1, 'one'],
            [2, 'two'],
          ],
        },
      }),
    ).toEqual([[2]]);
    expect(await rows({ sql: 'SELECT count(*) FROM quickstart.demo.web' })).toEqual([[2]]);
  });

  it('finds its tables by the names that it brings, which hold for it alone', async () => {
    await rows({ sql: 'CREATE SCHEMA quickstart.elsewhere' });
    await rows({ sql: 'CREATE TABLE quickstart.elsewhere.here AS SELECT 1 AS n' });
    const session = { catalog: 'quickstart', schema: 'elsewhere' };
    expect(await rows({ body: { sql: 'SELECT n FROM here', session } })).toEqual([[1]]);
    expect(await rows({ sql: 'SELECT current_schema()' })).toEqual([['demo']]);
  });

  it('stays in the session that an earlier answer named, until that is ended', async () => {
    const first = await post({ sql: 'SET VARIABLE answer = 42' });
    const session = first.headers.get('skua-session') ?? '';
    await first.text();
    const headers = { 'skua-session': session };
    expect(await rows({ sql: "SELECT getvariable('answer')", headers })).toEqual([[42]]);
    const url = `${server.server.httpUrl}/v1/session`;
    const end = () => fetch(url, { method: 'DELETE', headers: { authorization: `Bearer ${token}`, ...headers } });
    const ended = await end();
    expect(ended.status, await ended.text()).toBe(204);
    const after = await post({ sql: "SELECT getvariable('answer')", headers });
    expect(await problem(after)).toMatchObject({
      code: 'FAILED_PRECONDITION',
      detail: expect.stringContaining('its variables can not be found'),
    });
  });
});

describe('what goes wrong over HTTP', () => {
  it.each([
    ['SELECT missing', 400, 'INVALID_ARGUMENT', /missing/],
    ['SELECT * FROM quickstart.demo.nowhere', 404, 'NOT_FOUND', /nowhere/],
    ['CREATE TABLE quickstart.demo.events2 (a INT); SELECT 1', 400, 'INVALID_ARGUMENT', /2 statements/],
    ['', 400, 'INVALID_ARGUMENT', /empty/],
  ])('%s is answered with the status and the sentence of the error', async (sql, status, code, sentence) => {
    const response = await post({ sql });
    expect(response.status).toBe(status);
    expect(await problem(response)).toMatchObject({ status, code, detail: expect.stringMatching(sentence) });
  });

  it('a write that the catalog refuses is 403 with its sentence', async () => {
    const reader = await server.token('testuser');
    const headers = { authorization: `Bearer ${reader}` };
    const response = await post({ sql: 'CREATE TABLE quickstart.demo.mine (a INT)', headers });
    expect(response.status).toBe(403);
    expect(await problem(response)).toMatchObject({
      code: 'PERMISSION_DENIED',
      detail: expect.stringContaining('testuser'),
    });
  });

  it('without a good token is 401, and the catalog is not asked', async () => {
    const before = server.stack.catalog.requests.count;
    for (const authorization of ['', 'Bearer', 'Bearer not.a.jwt', `Bearer ${token}x`, `Digest ${token}`]) {
      const response = await post({ sql: 'SHOW SCHEMAS', headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      const { detail } = await problem(response);
      expect(detail).toMatch(/token|authorization/);
      expect(String(detail)).not.toContain(token.slice(0, 20));
    }
    expect(server.stack.catalog.requests.count).toBe(before);
  });

  it('a body that is no statement is 400 that says why', async () => {
    const sentence = async (sent: Sent) => (await problem(await post(sent))).detail;
    expect(await sentence({ body: '{"sql": ' })).toContain('no JSON');
    expect(await sentence({ body: { sql: 'SELECT 1', colour: 'red' } })).toContain('colour');
    expect(await sentence({ body: { sql: 1 } })).toContain('sql');
    expect(await sentence({ body: 'a=b', headers: { 'content-type': 'text/html' } })).toContain('application/sql');
    expect(await sentence({ sql: 'SELECT 1', headers: { accept: 'image/png' } })).toContain('text/csv');
    expect(await sentence({ body: { sql: 'SELECT ?', parameter_rows: [[1], ['a']] } })).toContain('different types');
    expect(await sentence({ body: { sql: 'SELECT ?', parameters: [1, 2] } })).toContain('1 parameters, but 2');
  });

  it('a body above the limit is refused', async () => {
    const response = await post({ sql: `SELECT '${'x'.repeat(17 * 2 ** 20)}'` }).catch(() => undefined);
    if (response) expect((await problem(response)).detail).toContain('limit');
  });

  it('nothing is there but what is documented', async () => {
    const response = await fetch(`${server.server.httpUrl}/v1/elsewhere`);
    expect(response.status).toBe(404);
    expect(await problem(response)).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an answer that is cut short', () => {
  const arrow = 'application/vnd.apache.arrow.stream';

  it.each([arrow, 'application/json', 'application/x-ndjson', 'text/csv'])('never looks whole: %s', async (accept) => {
    const response = await post({ sql: LATE, headers: { accept } });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    const { complete, trailers, body } = await raw(LATE, { accept });
    expect(complete).toBe(false);
    expect(trailers).toEqual({});
    expect(body.byteLength).toBeGreaterThan(1000);
  });

  it('ends in trailers for a client that reads them, after a body that its format shows to be broken', async () => {
    const { trailers, body, complete } = await raw(LATE, { accept: arrow, te: 'trailers' });
    expect(complete).toBe(true);
    expect(trailers['skua-status']).toBe('INVALID_ARGUMENT');
    expect(decodeURIComponent(trailers['skua-message'] ?? '')).toContain('far down');
    expect(() => tableFromIPC(new Uint8Array(body))).toThrow();
    const json = await raw(LATE, { te: 'trailers' });
    expect(() => JSON.parse(json.body.toString())).toThrow();
    for (const accept of ['text/csv', 'application/x-ndjson']) {
      expect((await raw(LATE, { accept, te: 'trailers' })).complete).toBe(false);
    }
  });

  it('is told from a whole one by its trailers', async () => {
    const { trailers } = await raw('SELECT * FROM range(10)', { accept: 'text/csv', te: 'trailers' });
    expect(trailers).toEqual({ 'skua-status': 'OK', 'skua-rows': '10' });
  });

  it('is refused to HTTP/1.0, which could not tell', async () => {
    const { connect } = await import('node:net');
    const { hostname, port } = new URL(server.server.httpUrl ?? '');
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/statements HTTP/1.0\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/sql\r\ncontent-length: 8\r\n\r\nSELECT 1`,
    );
    let text = '';
    for await (const piece of socket) text += piece;
    expect(text).toContain('UNIMPLEMENTED');
  });

  it('stops its statement when the client closes the connection', async () => {
    const stop = new AbortController();
    const sql = 'SELECT a.range + b.range AS n FROM range(1000000) a, range(1000000) b';
    const response = await post({ sql, headers: { accept: arrow }, signal: stop.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const running = () => server.server.running.statements;
    expect(running()).toBe(1);
    stop.abort();
    await expect.poll(running, { timeout: 10_000 }).toBe(0);
  });
});

describe('what a client is told of what it sent', () => {
  it('has no token that came where none belongs, and is short', async () => {
    const { httpUrl } = server.server;
    const headers = { authorization: `Bearer ${token}` };
    const answers = [
      await fetch(`${httpUrl}/${token}/x`),
      await fetch(`${httpUrl}/console/${token}`),
      await fetch(`${httpUrl}/v1/statements/${token}`, { headers }),
      await fetch(`${httpUrl}/v1/statements/${token}`, { method: 'DELETE', headers }),
      await fetch(`${httpUrl}/mcp`, { method: 'POST', headers: { ...headers, origin: `https://${token}` } }),
      await fetch(`${httpUrl}/${'long'.repeat(2000)}`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 403, 404]);
    for (const answer of answers) {
      const { detail } = await problem(answer);
      expect(String(detail).length).toBeLessThan(400);
      for (const part of token.split('.')) expect(detail).not.toContain(part);
    }
  });
});

describe('a page of another origin', () => {
  it('is not allowed to read an answer, and no cookie stands for a token', async () => {
    const foreign = await post({ sql: 'SELECT 1', headers: { origin: 'https://elsewhere.example' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(`${server.server.httpUrl}/v1/statements`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://elsewhere.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    const cookies = await fetch(`${server.server.httpUrl}/v1/statements`, {
      method: 'POST',
      headers: { cookie: `authorization=Bearer ${token}; token=${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT 1' }),
    });
    expect(cookies.status).toBe(401);
    expect(foreign.headers.getSetCookie()).toEqual([]);
  });
});
