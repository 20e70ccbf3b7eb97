/** Installs real servers and clients into the cache: `node scripts/real/install.mjs [keycloak rustfs python duckdb jdbc grpcurl go sqlalchemy spark compose]`; without names, all. */
import { parts } from './index.mjs';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(', ')}. There are ${Object.keys(parts).join(', ')}.`);
  process.exit(2);
}

let failed = 0;
for (const name of names.length > 0 ? names : Object.keys(parts)) {
  const { title, install } = parts[name];
  const start = Date.now();
  try {
    const path = install();
    console.log(`${title}: ${path} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.error(`${title}: ${error.message}`);
  }
}
process.exit(failed > 0 ? 1 : 0);
