/**
 * `npm run soak -- [MINUTES] [SEED] [local | s3]`: a mixed load of several principals for so long, with faults between clients and server, server and catalog,
 * and server and store. Each answer is checked, and what the server holds at rest after a sixth of the time is compared with the end. Prints what came of
 * it; exits 1 where an answer was wrong, an error another than a fault explains, something was left, or what is held has grown.
 *
 * Without a store, RustFS where it is installed, else local files, which have no faults of their own.
 */
import { parts } from './real/index.mjs';
import { runSoak } from './soak/run.mjs';

const [minutes = '30', seed = String(Date.now() % 1_000_000), store = parts.rustfs.find().missing ? 'local' : 's3'] =
  process.argv.slice(2);
const say = (line) => console.log(line);
say(`${minutes} minutes, seed ${seed}, warehouse on ${store === 's3' ? 'RustFS' : 'local files'}`);
const outcome = await runSoak({ minutes: Number(minutes), seed: Number(seed), store, say });
say(JSON.stringify(outcome, null, 2));
process.exit(outcome.problems.length > 0 ? 1 : 0);
