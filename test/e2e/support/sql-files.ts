/** The SQL texts of `test/sql`, run against a server. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../../src/client/index.js';
import { rowsAsText } from './server.js';
import { parseSqlFile, type SqlBlock } from './sql-file.js';

const folder = new URL('../../sql/', import.meta.url);

const files = readdirSync(folder).filter((name) => name.endsWith('.test'));

interface Server {
  client(user: string): Promise<FlightSqlClient>;
  stop(): Promise<void>;
}

/** Every file of texts as a suite of its own, all against one server. */
export function runSqlFiles(start: () => Promise<Server>): void {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  describe.each(files)('%s', (name) => {
    const blocks = parseSqlFile(readFileSync(new URL(name, folder), 'utf8'));
    const clients = new Map<string, FlightSqlClient>();

    it.each(blocks.map((block) => [block.line, block.sql.split('\n')[0], block] as const))(
      'line %i: %s',
      async (_line, _sql, block) => {
        const client = clients.get(block.user) ?? (await server.client(block.user));
        clients.set(block.user, client);
        await check(client, block);
      },
      // Some statements write thousands of files.
      180_000,
    );
  });
}

async function check(client: FlightSqlClient, block: SqlBlock): Promise<void> {
  if (block.kind === 'ok') {
    await client.executeUpdate(block.sql);
  } else if (block.kind === 'count') {
    expect(await client.executeUpdate(block.sql)).toBe(Number(block.wanted));
  } else if (block.kind === 'error') {
    const failure = await client
      .run(block.sql)
      .then(drain)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(failure).toMatchObject({ code: block.wanted });
    expect((failure as Error).message).toContain(block.below.join('\n'));
  } else {
    const rows = (await rowsAsText(client, block.sql)).flatMap((row) => row.join('|').split('\n'));
    expect(block.kind === 'sorted' ? rows.sort() : rows).toEqual(block.below);
  }
}

async function drain(outcome: Awaited<ReturnType<FlightSqlClient['run']>>): Promise<void> {
  if (outcome.kind === 'query') for await (const batch of outcome.batches) void batch;
}
