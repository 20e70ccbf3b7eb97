/** Sound requests to every route of the HTTP listener. */
const JSON_TYPE = 'application/json';
const ARROW_TYPE = 'application/vnd.apache.arrow.stream';
const accepted = [JSON_TYPE, ARROW_TYPE, 'application/x-ndjson', 'text/csv', 'application/vnd.apache.parquet', '*/*'];

/** `[{ method, path, headers, json | body }]`; `headers` are pairs. */
export function soundRequests(token) {
  const own = [
    ['host', 'localhost'],
    ['authorization', `Bearer ${token}`],
  ];
  const statement = (json, accept = JSON_TYPE) => ({
    method: 'POST',
    path: '/v1/statements',
    headers: [...own, ['content-type', JSON_TYPE], ['accept', accept]],
    json,
  });
  const agent = (method, params) => ({
    method: 'POST',
    path: '/mcp',
    headers: [...own, ['content-type', JSON_TYPE], ['accept', 'application/json, text/event-stream']],
    json: { jsonrpc: '2.0', id: 1, method, ...(params && { params }) },
  });
  const tool = (name, args) => agent('tools/call', { name, arguments: args });
  const get = (path, headers = []) => ({ method: 'GET', path, headers: [...own, ...headers] });
  const bare = (contentType, body) => ({
    method: 'POST',
    path: '/v1/statements',
    headers: [...own, ['content-type', contentType]],
    body: Buffer.from(body),
  });
  return [
    ...accepted.map((accept) => statement({ sql: 'SELECT range AS id, [range] AS l FROM range(5)' }, accept)),
    statement({ sql: 'SELECT ?, ?, ?, ?', parameters: [1, 'a', [1.5, null], { a: true }] }),
    statement({ sql: 'SELECT ?::INTEGER + 1', parameter_rows: [[1], [2]] }),
    statement({ sql: 'SELECT * FROM nothing', session: { catalog: 'quickstart', schema: 'demo' }, transaction: 'x' }),
    statement({ sql: 'SHOW TABLES' }),
    bare('application/sql', 'SELECT 1'),
    bare(ARROW_TYPE, Buffer.from('ffffffff1000000010000000', 'hex')),
    agent('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'fuzz', version: '1' },
    }),
    agent('tools/list'),
    agent('ping'),
    tool('list', { catalog: 'quickstart', schema: 'demo' }),
    tool('describe', { schema: 'demo', table: 'none' }),
    tool('query', { sql: 'SELECT 1 AS one', max_rows: 10 }),
    tool('profile', { sql: 'SELECT 1', run: true }),
    get('/v1/statements/0d5f7c3e-0000-4000-8000-000000000000'),
    { method: 'DELETE', path: '/v1/statements/0d5f7c3e-0000-4000-8000-000000000000', headers: own },
    { method: 'DELETE', path: '/v1/session', headers: [...own, ['skua-session', 'abc']] },
    get('/healthz'),
    get('/readyz'),
    get('/metrics', [['accept', 'text/plain']]),
    get('/'),
    get('/console/'),
    get('/console/?code=abc&state=def&iss=http%3A%2F%2Flocalhost', [['accept-encoding', 'gzip']]),
    get('/console/settings.json'),
    get('/console/assets/none.js'),
    get('/.well-known/oauth-protected-resource/mcp'),
    { method: 'OPTIONS', path: '/v1/statements', headers: [...own, ['origin', 'http://localhost']] },
  ];
}
