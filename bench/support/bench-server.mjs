/** A server in a process of its own over an embedded issuer and catalog, in a folder that is gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../dist/client/index.js';
import { localConfig } from '../../dist/commands/local-config.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { startKilledServer } from '../../scripts/faults/server.mjs';

/** `settings`: more of the configuration file. */
export async function startBenchServer(name, settings = '') {
  const folder = mkdtempSync(join(tmpdir(), `skua-${name}-`));
  const stack = await startEmbeddedStack({ folder: join(folder, 'stack'), issuer: { lifetimeSeconds: 24 * 3600 } });
  const text = JSON.stringify;
  const server = await startKilledServer(folder, (port) =>
    localConfig(
      stack,
      `
[server]
port = ${port}

[storage]
cache_directory = ${text(folder)}
journal_directory = ${text(join(folder, 'journal'))}
local_roots = [${text(join(stack.folder, 'warehouse'))}]
`,
      settings,
    ),
  );
  const token = await stack.token('adminuser');
  const client = connect({ address: server.address, token });
  return {
    stack,
    server,
    token,
    client,
    async stop() {
      client.close();
      await server.stop();
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
