/**
 * Other programs that read the tables of a catalog. `SPARK_PYTHON` is a Python with `pyspark` and `pyiceberg`, `ICEBERG_SPARK_JAR` the Iceberg runtime of that Spark.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('reader.py', import.meta.url));

/** `{ ask(question), close() }`; `kind` is `spark`, which takes `{ sql }`, or `pyiceberg`, which takes `{ table, columns, snapshot }`. Rows of values. */
export async function startReader(kind, catalog) {
  const python = process.env.SPARK_PYTHON;
  if (python === undefined) throw new Error('SPARK_PYTHON names no Python with pyspark and pyiceberg');
  const child = spawn(python, [program, kind], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, CATALOG: JSON.stringify(catalog) },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`${kind} ended`);
      if (!value.startsWith('{')) continue;
      const { rows, error } = JSON.parse(value);
      if (error !== undefined) throw new Error(`${kind}: ${error}`);
      return rows;
    }
  };
  await next();
  let turn = Promise.resolve();
  return {
    ask(question) {
      turn = turn
        .catch(() => undefined)
        .then(() => {
          child.stdin.write(`${JSON.stringify(question)}\n`);
          return next();
        });
      return turn;
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
