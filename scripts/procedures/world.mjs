/** A catalog, Skua and Spark over it, and PyIceberg where it reads: what procedures are compared in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchToRows } from '../../dist/arrow/index.js';
import { connect } from '../../dist/client/index.js';
import { loadConfig } from '../../dist/config/index.js';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { createLogger } from '../../dist/logging.js';
import { startServer } from '../../dist/server/index.js';
import { startReader } from '../peers/index.mjs';

const text = JSON.stringify;

/** `skua` and `spark` take a statement and give `[names, ...rows]`; `pyiceberg` takes the name of a table and gives its rows. */
export async function startWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'skua-procedures-'));
  const stack = await startEmbeddedStack({ folder: join(folder, 'stack'), issuer: { lifetimeSeconds: 24 * 3600 } });
  const warehouse = join(folder, 'stack', 'warehouse');
  const config = loadConfig({
    env: {},
    text: `
server = { port = 0, drain_timeout = "0s" }
http = { enabled = false }
auth = [{ issuer = ${text(stack.issuer.issuer)}, jwks_url = ${text(stack.issuer.jwksUrl)}, audience = ${text(stack.issuer.audience)}, allow_insecure_jwks = true }]
catalogs.quickstart = { uri = ${text(stack.catalog.uri)}, warehouse = "quickstart", credential_delegation = "none", import_locations = [${text(folder)}] }
storage = { local_roots = [${text(folder)}], cache_directory = ${text(folder)} }
default = { catalog = "quickstart", schema = "demo" }
`,
  });
  const server = await startServer(config, { logger: createLogger({ level: 'error', format: 'json' }) });
  const token = await stack.token('adminuser');
  const client = connect({ address: `127.0.0.1:${server.port}`, token });
  const catalog = { name: 'quickstart', uri: stack.catalog.uri, warehouse: 'quickstart', token };
  const [spark, pyiceberg] = await Promise.all(['spark', 'pyiceberg'].map((kind) => startReader(kind, catalog)));
  return {
    folder,
    warehouse,
    async skua(sql) {
      const { schema, batches } = await client.execute(sql);
      const found = [schema.fields.map(({ name }) => name)];
      for await (const batch of batches) found.push(...batchToRows(schema, batch));
      return found;
    },
    spark: (sql) => spark.ask({ sql, header: true }),
    pyiceberg: (table) => pyiceberg.ask({ table, all: true }),
    async stop() {
      await spark.close();
      await pyiceberg.close();
      client.close();
      await server.stop();
      await stack.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
