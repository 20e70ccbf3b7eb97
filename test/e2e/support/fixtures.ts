/** The kept tables in an embedded catalog, their files behind an S3 endpoint, and a server in front of both. */
import { gunzipSync } from 'node:zlib';
import type { Schema } from 'apache-arrow';
import { Relay } from '../../../scripts/fuzz/policies/index.mjs';
import { batchToRows } from '../../../src/arrow/index.js';
import { connect, type FlightSqlClient } from '../../../src/client/index.js';
import { loadConfig } from '../../../src/config/index.js';
import { type CatalogOptions, type EmbeddedStack, startEmbeddedStack } from '../../../src/embedded/index.js';
import { createLogger } from '../../../src/logging.js';
import { startServer } from '../../../src/server/index.js';
import { type FixtureTable, fixtureStorage, fixtureTables, locationPrefix } from '../../fixtures/index.js';
import { serveFixtures } from '../../fixtures/serve.js';

const keys = { accessKeyId: 'fixtures', secretAccessKey: 'not-checked' };

export interface Fixtures {
  /** Runs a query over the wire and reads all of its rows, in the conventions of `batchToRows`. */
  ask(sql: string, user?: string): Promise<{ schema: Schema; rows: unknown[][] }>;
  /** Metadata of a table as the catalog has it. */
  metadata(table: FixtureTable): Promise<Record<string, unknown>>;
  /** Before the catalog, where somebody is restricted. */
  relay: Relay | undefined;
  /** Requests to the store so far. */
  requests: string[];
  stop(): Promise<void>;
}

/**
 * `cold`: every statement begins with an empty cache, and fetches nothing that is not asked for. `planning`: the catalog demands to plan scans,
 * and how it does. `restrictedUser`: who goes through a relay that restricts.
 */
export async function startFixtures({
  cold = false,
  planning,
  restrictedUser,
}: {
  cold?: boolean;
  planning?: CatalogOptions['planning'];
  restrictedUser?: string;
} = {}): Promise<Fixtures> {
  const store = await serveFixtures();
  const stack = await startEmbeddedStack({
    issuer: { lifetimeSeconds: 3600 },
    catalog: {
      name: 'fixtures',
      namespaces: namespacesOf(fixtureTables()),
      ...(planning && { planning, demandsPlanning: true }),
      warehouse: { kind: 's3', location: locationPrefix, endpoint: store.endpoint, ...keys },
    },
  });
  const token = await stack.token('adminuser');
  await registerAll(stack, token);
  const relay = restrictedUser === undefined ? undefined : await Relay.start(stack.catalog.uri, restrictedUser);
  const logger = createLogger({ level: 'error', format: 'json' });
  const server = await startServer(configFor(stack, cold, relay?.uri ?? stack.catalog.uri), { logger });
  const clients = new Map<string, FlightSqlClient>();
  const clientOf = async (user: string) => {
    const client = clients.get(user) ?? connect({ address: server.address, token: await stack.token(user) });
    clients.set(user, client);
    return client;
  };
  return {
    requests: store.requests,
    relay,
    async metadata({ metadataLocation }) {
      const bytes = Buffer.from(await fixtureStorage().read(metadataLocation));
      const text = (metadataLocation.includes('.gz.') ? gunzipSync(bytes) : bytes).toString();
      // Ids of snapshots have more digits than a number keeps.
      return JSON.parse(text.replaceAll(/:\s*(\d{16,})/g, ':"$1"'));
    },
    async ask(sql, user = 'adminuser') {
      const client = await clientOf(user);
      const { schema, batches } = await client.execute(sql);
      const rows: unknown[][] = [];
      for await (const batch of batches) rows.push(...batchToRows(schema, batch));
      return { schema, rows };
    },
    async stop() {
      for (const client of clients.values()) client.close();
      await server.stop();
      await relay?.stop();
      await stack.close();
      await store.close();
    },
  };
}

function namespacesOf(tables: readonly FixtureTable[]): string[][] {
  const all = tables.flatMap(({ namespace }) => namespace.map((_, level) => namespace.slice(0, level + 1)));
  return [...new Map(all.map((namespace) => [JSON.stringify(namespace), namespace])).values()];
}

function configFor(stack: EmbeddedStack, cold: boolean, uri: string) {
  const text = JSON.stringify;
  return loadConfig({
    env: {},
    text: `
[server]
port = 0
drain_timeout = "5s"

[[auth]]
issuer = ${text(stack.issuer.issuer)}
jwks_url = ${text(stack.issuer.jwksUrl)}
audience = ${text(stack.issuer.audience)}
allow_insecure_jwks = true

[catalogs.fixtures]
uri = ${text(uri)}
warehouse = "fixtures"
credential_delegation = "none"
view_dialects = "spark"

[storage]
access_key_id = ${text(keys.accessKeyId)}
secret_access_key = ${text(keys.secretAccessKey)}
${cold ? 'cache_size = 0\nmerge_gap = 0' : ''}

[default]
catalog = "fixtures"

[limits]
threads = 2
`,
  });
}

async function registerAll(stack: EmbeddedStack, token: string): Promise<void> {
  const post = async (path: string, body: string) => {
    const answer = await fetch(`${stack.catalog.uri}/v1/fixtures/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  for (const { namespace, name, kind, metadataLocation } of fixtureTables()) {
    const folder = `namespaces/${encodeURIComponent(namespace.join('\u001f'))}`;
    if (kind === 'table') {
      await post(`${folder}/register`, JSON.stringify({ name, 'metadata-location': metadataLocation }));
      continue;
    }
    const metadata = JSON.parse(Buffer.from(await fixtureStorage().read(metadataLocation)).toString());
    const [first, ...later] = metadata.versions;
    const schemaOf = (version: Record<string, unknown>) =>
      metadata.schemas.find((schema: Record<string, unknown>) => schema['schema-id'] === version['schema-id']);
    await post(
      `${folder}/views`,
      JSON.stringify({ name, schema: schemaOf(first), 'view-version': first, properties: metadata.properties }),
    );
    for (const version of later) {
      const updates = [
        { action: 'add-schema', schema: schemaOf(version) },
        { action: 'add-view-version', 'view-version': { ...version, 'schema-id': -1 } },
        { action: 'set-current-view-version', 'view-version-id': -1 },
      ];
      await post(`${folder}/views/${encodeURIComponent(name)}`, JSON.stringify({ requirements: [], updates }));
    }
  }
}
