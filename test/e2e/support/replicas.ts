/** Several servers over one catalog and store, that share the key which signs what they give to clients. */
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/index.js';
import { type EmbeddedStack, startEmbeddedStack } from '../../../src/embedded/index.js';
import { createLogger } from '../../../src/logging.js';
import { type RunningServer, startServer } from '../../../src/server/index.js';

export interface Replicas {
  stack: EmbeddedStack;
  /** Another server, with more of the configuration file; on a free port, if none is given. */
  another(settings?: string, port?: number): Promise<RunningServer>;
  /** Stops the server that came as that one, from 0. */
  leave(index: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startReplicas(): Promise<Replicas> {
  const stack = await startEmbeddedStack({ issuer: { lifetimeSeconds: 3600 } });
  const servers: RunningServer[] = [];
  const text = (value: string) => JSON.stringify(value);
  return {
    stack,
    async another(settings = '', port = 0) {
      const config = loadConfig({
        env: {},
        text: `
server = { port = ${port}, drain_timeout = "5s" }
tickets.key = "${'k'.repeat(32)}"
auth = [{ issuer = ${text(stack.issuer.issuer)}, jwks_url = ${text(stack.issuer.jwksUrl)}, audience = ${text(stack.issuer.audience)}, allow_insecure_jwks = true }]
catalogs.quickstart = { uri = ${text(stack.catalog.uri)}, warehouse = "quickstart", credential_delegation = "none" }
storage.local_roots = [${text(join(stack.folder, 'warehouse'))}]
default = { catalog = "quickstart", schema = "demo" }
${settings}
`,
      });
      const server = await startServer(config, { logger: createLogger({ level: 'error', format: 'json' }) });
      servers.push(server);
      return server;
    },
    async leave(index) {
      const [server] = servers.splice(index, 1);
      await server?.stop();
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await stack.close();
    },
  };
}
