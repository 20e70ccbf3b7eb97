/** A server in front of an embedded stack of its own, for one test file. */
import { batchToRows } from '../../../src/arrow/index.js';
import { connect, type FlightSqlClient, textFormat } from '../../../src/client/index.js';
import { type LocalOptions, type LocalServer, startLocalServer } from '../../../src/commands/local-server.js';
import { createLogger } from '../../../src/logging.js';

export interface TestServer extends LocalServer {
  /** A client with a session of its own. */
  client(user: string): Promise<FlightSqlClient>;
}

export async function startTestServer(options: Pick<LocalOptions, 'policies' | 'settings'> = {}): Promise<TestServer> {
  const logger = createLogger({ level: 'error', format: 'json' });
  const local = await startLocalServer({ ...options, logger, port: 0, httpPort: 0, tokenLifetime: 3600 });
  const clients: FlightSqlClient[] = [];
  return {
    ...local,
    async client(user) {
      const client = connect({ address: local.server.address, token: await local.token(user) });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.close();
      await local.stop();
    },
  };
}

/** The rows of a query, each value as text and null as `NULL`. */
export async function rowsAsText(client: FlightSqlClient, sql: string): Promise<string[][]> {
  const result = await client.execute(sql);
  const formats = result.schema.fields.map(textFormat);
  const rows: string[][] = [];
  for await (const batch of result.batches) {
    for (const row of batchToRows(result.schema, batch)) {
      rows.push(row.map((value, index) => (value === null ? 'NULL' : (formats[index]?.(value) ?? ''))));
    }
  }
  return rows;
}
