/** The embedded stack with a server in front of it, as `skua demo` and `skua start` run it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, loadConfig } from '../config/index.js';
import { type EmbeddedStack, type Policy, startEmbeddedStack } from '../embedded/index.js';
import type { Logger } from '../logging.js';
import { type RunningServer, startServer } from '../server/index.js';
import { localConfig } from './local-config.js';

export interface LocalServer {
  stack: EmbeddedStack;
  server: RunningServer;
  /** A new token of one of the stack's users. */
  token(user: string): Promise<string>;
  /** Paths of all files in the warehouse, sorted. */
  files(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface LocalOptions {
  logger: Logger;
  /** Port of the server; 0 takes a free one. */
  port: number;
  /** Port for HTTP; 0 takes a free one. Default: the usual one, or a free one where that is taken. */
  httpPort?: number | undefined;
  /** Where the stack keeps its data; without it, in a temporary folder that goes at the end. */
  folder?: string;
  /** Row filters and column masks by table and role. Default: those that the folder holds. */
  policies?: readonly Policy[];
  /** More of the configuration, as TOML. */
  settings?: string;
  /** How long tokens live, in seconds. */
  tokenLifetime: number;
}

export async function startLocalServer(options: LocalOptions): Promise<LocalServer> {
  const stack = await startEmbeddedStack({
    folder: options.folder,
    issuer: { lifetimeSeconds: options.tokenLifetime },
    // So that views and whole schemas can be dropped, and tables with PURGE.
    catalog: {
      properties: { 'polaris.config.drop-with-purge.enabled': 'true' },
      ...(options.policies && { policies: options.policies }),
    },
  });
  try {
    const server = await startServer(configFor(stack, options), { logger: options.logger });
    return {
      stack,
      server,
      token: (user) => stack.token(user),
      async files() {
        const entries = await readdir(warehouseOf(stack), { recursive: true, withFileTypes: true });
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort();
      },
      async stop() {
        await server.stop();
        await stack.close();
      },
    };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

function warehouseOf(stack: EmbeddedStack): string {
  return join(stack.folder, 'warehouse');
}

function configFor(stack: EmbeddedStack, { port, httpPort, settings = '' }: LocalOptions): Config {
  const usual = `
[server]
port = ${port}
[http]
${httpPort === undefined ? '' : `port = ${httpPort}`}
[storage]
local_roots = [${JSON.stringify(warehouseOf(stack))}]
`;
  return loadConfig({ env: {}, text: localConfig(stack, usual, settings) });
}
