/** `run.sh --native [--polaris URL]`: starts the quickstart's servers as processes, runs the scenario, and stops them again. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheFolder, repository } from './real/cache.mjs';
import { parts, startQuickstart } from './real/index.mjs';

const { values } = parseArgs({ options: { polaris: { type: 'string' } } });
const folder = join(repository, 'quickstart/polaris-keycloak-user-token');
const logFolder = join(cacheFolder, 'logs');

// The embedded catalog's S3 client would print a page about future Node versions.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

// Leaving by process.exit ends the servers too.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

let quickstart;
try {
  for (const name of ['keycloak', 'rustfs']) {
    console.log(`${parts[name].title}: ${parts[name].install()}`);
  }
  console.log('Starting …');
  quickstart = await startQuickstart({ logFolder, polaris: values.polaris });
  console.log(`Keycloak  ${quickstart.keycloak}`);
  console.log(`RustFS    ${quickstart.store.endpoint}`);
  console.log(`${values.polaris ? 'Polaris ' : 'Catalog '}  ${quickstart.catalog}`);
  console.log(`Skua      ${quickstart.address}`);
  process.exitCode = await runScenario(quickstart);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await quickstart?.stop();
  console.log(`Stopped. The logs are in ${logFolder}.`);
}

async function runScenario({ address, token }) {
  const environment = {
    ...process.env,
    QUERY_COMMAND: `node ${join(repository, 'bin/skua.cjs')} query --address ${address}`,
    QUERIES_FILE: join(folder, 'queries.sql'),
    ADMIN_TOKEN: await token('adminuser'),
    READER_TOKEN: await token('testuser'),
  };
  const scenario = spawn(join(folder, 'scenario.sh'), { env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    scenario.once('error', reject);
    scenario.once('exit', (code) => resolve(code ?? 1));
  });
}
