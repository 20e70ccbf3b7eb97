/** The engines of the plain tables. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemoteEngine } from '../../../dist/engine/duckdb/client/remote-engine.js';
import { Database } from '../../../dist/engine/duckdb/process/native/database.js';
import { ReferenceSide } from './sides.mjs';

/** The engine can't carry out MERGE, or takes seconds for joins of small tables, without these. */
const neededOptimizers = new Set(['build_side_probe_side', 'deliminator', 'unnest_rewriter']);

/** `{ connection, references, close() }`: a connection that may write files, and sides that know nothing of each other. */
export async function openReferences(count) {
  const database = await Database.open({ threads: '1' });
  const connection = database.connect();
  await connection.execute("SET TimeZone = 'UTC'");
  const optimizers = (await connection.rows('SELECT name FROM duckdb_optimizers()')).flat();
  const folder = mkdtempSync(join(tmpdir(), 'skua-reference-'));
  const engine = await RemoteEngine.open({ processes: count, isolation: 'shared', memory: count * 2 ** 31 });
  const references = [];
  for (let number = 0; number < count; number++) {
    const directory = join(folder, String(number));
    mkdirSync(directory);
    const instance = await engine.open({
      principal: `reference ${number}`,
      directory,
      memoryLimit: 2 ** 30,
      threads: 1,
      disabledOptimizers: optimizers.filter((name) => !neededOptimizers.has(name)).join(','),
    });
    const reference = new ReferenceSide(instance);
    await reference.query('CREATE SCHEMA demo');
    references.push(reference);
  }
  const close = async () => {
    await connection.close();
    await database.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { connection, references, close };
}
