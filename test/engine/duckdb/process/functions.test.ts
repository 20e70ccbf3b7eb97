import { describe, expect, it } from 'vitest';
import { Database } from '../../../../src/engine/duckdb/process/native/database.js';
import { useEngine } from './support.js';

const bench = useEngine();

/** All that compute from their arguments alone. */
const computing = [
  'generate_series',
  'generate_subscripts',
  'json_each',
  'json_tree',
  'range',
  'regexp_split_to_table',
  'repeat',
  'repeat_row',
  'test_all_types',
  'unnest',
];

async function functions(types: string): Promise<string[]> {
  const database = await Database.open({});
  const connection = database.connect();
  const rows = await connection.rows(
    `SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type IN (${types}) ORDER BY 1`,
  );
  await connection.close();
  await database.close();
  return rows.map(([name]) => name ?? '');
}

async function allowed(names: string[], sqlOf: (name: string) => string): Promise<string[]> {
  const passed: string[] = [];
  for (const name of names) {
    const refusal = await bench.instance.parser.parseQuery(sqlOf(name)).then(
      () => undefined,
      (error: { code?: string }) => error.code,
    );
    if (refusal === undefined) passed.push(name);
    else if (refusal !== 'PERMISSION_DENIED') throw new Error(`${name}: ${refusal}`);
  }
  return passed;
}

describe("the engine's functions", () => {
  it('that give tables are refused, but for those that compute from their arguments', async () => {
    const names = (await functions("'table', 'table_macro', 'pragma'")).filter((name) => /^\w+$/.test(name));
    expect(names).toContain('read_parquet');
    const passed = await allowed(names, (name) => `SELECT * FROM "${name}"('x')`);
    expect(computing).toEqual(expect.arrayContaining(passed));
  });

  it('that name files, settings, secrets or the environment are refused wherever they stand', async () => {
    const names = (await functions("'scalar', 'macro', 'aggregate', 'table', 'pragma'")).filter((name) =>
      /^(read_|sniff_|duckdb_|pragma_|parquet_|.*(env|setting|secret|variable|checkpoint|block_size|write_log|sleep)s?$)/.test(
        name,
      ),
    );
    expect(names).toContain('current_setting');
    expect(await allowed(names, (name) => `SELECT [system.main."${name}"('x')]`)).toEqual([]);
  });
});
