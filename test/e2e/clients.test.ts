import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalServer, startLocalServer } from '../../src/commands/local-server.js';
import { createLogger } from '../../src/logging.js';
import { isMissing, realClients, runClient, type Target } from './support/real-clients.js';

const PATIENCE = 300_000;

describe('against the embedded stack', () => {
  let local: LocalServer;

  beforeAll(async () => {
    const logger = createLogger({ level: 'fatal', format: 'json' });
    local = await startLocalServer({ logger, port: 0, tokenLifetime: 3600 });
  });
  afterAll(() => local.stop());

  const target = async (): Promise<Target> => ({
    address: local.server.address,
    token: await local.token('adminuser'),
    readerToken: await local.token('testuser'),
    expiredToken: await local.stack.issuer.token('adminuser', { lifetimeSeconds: -3600 }),
  });

  for (const client of realClients) {
    it.skipIf(isMissing(client.needs))(
      `${client.name} does the scenario and all else that it can`,
      async () => {
        const { exitCode, output, wrong } = await runClient(client, 'full', await target());
        expect(wrong, output).toEqual([]);
        expect(exitCode, output).toBe(0);
      },
      PATIENCE,
    );
  }
});
