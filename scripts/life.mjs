/**
 * `npm run life -- [MINUTES] [WRITERS] [SEED]`: a day of a table's life, in so many minutes. Writers append, update, delete and merge, maintenance runs
 * beside them and snapshots expire. At each checkpoint the table is read at one snapshot by PyIceberg and Spark too, where `SPARK_PYTHON` and
 * `ICEBERG_SPARK_JAR` say where they are. Prints what came of it; exits 1 where a reader differs, a row is lost, or metadata grows without bound.
 */
import { runLife } from './life/run.mjs';

const [minutes = '20', writers = '8', seed = '1'] = process.argv.slice(2);
const outcome = await runLife({
  minutes: Number(minutes),
  writers: Number(writers),
  seed: Number(seed),
  readers: process.env.SPARK_PYTHON === undefined ? [] : ['pyiceberg', 'spark'],
  say: (line) => console.log(line),
});
console.log(JSON.stringify(outcome, null, 2));
process.exit(outcome.problems.length > 0 ? 1 : 0);
