import { Field, Int64, Utf8 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { EngineProfile, PlanOperator } from '../../../../src/engine/duckdb/contract.js';
import { mapIn } from '../../../../src/engine/duckdb/process/planning/run-profile.js';
import { column, parameterRow, physical, rowsOf, scan, source, useEngine } from './support.js';

describe('the profile of what ran', () => {
  const bench = useEngine();
  const people = async () => {
    const path = `${bench.directory}/people.parquet`;
    const rows = "SELECT range AS n, 'name ' || range AS s FROM range(5000)";
    await bench.write(`COPY (${rows}) TO '${path}' (FIELD_IDS {n: 1, s: 2})`);
    const columns = [column('n', new Int64(), 1), column('s', new Utf8(), 2)];
    return scan('people', columns, [source(path, [physical('n', 1), physical('s', 2)], { rowCount: 5000 })]);
  };

  async function profilesOf(sql: string, given?: Parameters<typeof rowsOf>[3]): Promise<EngineProfile[]> {
    const profiles: EngineProfile[] = [];
    const instance = bench.instance.forStatement({ onProfile: (profile) => profiles.push(profile) });
    await rowsOf(instance, sql, [await people()], given);
    return profiles;
  }

  it('has the operators by the names of tables and columns, with rows and times', async () => {
    for (let run = 0; run < 3; run++) {
      const [profile, ...others] = await profilesOf(
        'SELECT n % 7 AS k, count(*) FROM people WHERE n >= 100 GROUP BY k',
      );
      expect(others).toEqual([]);
      const operators = flat(profile?.plan);
      expect(operators.find(({ table }) => table === 'people')).toMatchObject({ operator: 'TABLE_SCAN', rows: 4900 });
      expect(operators.some(({ operator, rows }) => /GROUP_BY/.test(operator) && rows === 7)).toBe(true);
      expect(operators.every(({ seconds }) => seconds !== undefined && seconds >= 0)).toBe(true);
      expect(profile?.spilledBytes).toBe(0);
    }
  });

  it('is none where nobody asks, also on a connection that had one', async () => {
    await profilesOf('SELECT max(n) FROM people');
    expect(await bench.rows('SELECT max(n) FROM people', [await people()])).toEqual([[4999n]]);
  });

  it('tells no literal, of whatever kind and wherever it stands, and no bound value', async () => {
    const texts = [
      "SELECT s || ' 12321 ' || \"max('12321')\" FROM (SELECT s, max('12321') OVER () AS \"max('12321')\" FROM people WHERE s <> '12321, =''}{' AND n < 12321)",
      "SELECT s FROM people WHERE s IN ('12321', 'name 3', 'name 12321') OR contains(s, '12321')",
      'SELECT n FROM people WHERE n <> 12321 AND n / 123.21 < 12321e0 ORDER BY n + 12321 LIMIT 3',
      "SELECT DATE '1232-12-12' + n::INT, '\\x12\\x32\\x12'::BLOB, INTERVAL 12321 DAY, [12321, n], {'a': '12321', 'b': n} FROM people WHERE s < E'12321\\n12321'",
      "SELECT count(*) FROM people p JOIN (VALUES (12321, 'b 12321')) v(x, y) ON p.n = v.x",
      "SELECT '12321', string_agg(s, '12321'), 12321 FROM people",
    ];
    for (const sql of texts)
      expect(JSON.stringify(withoutFigures(await profilesOf(sql))), sql).not.toMatch(/123\.?21|1232-12/);
    const row = parameterRow([new Field('1', new Utf8(), true)], ['12321']);
    const bound = await profilesOf('SELECT n FROM people WHERE s <> ? ', row);
    expect(bound).toHaveLength(1);
    expect(JSON.stringify(withoutFigures(bound))).not.toContain('12321');
  });

  it('says what did not fit in memory', async () => {
    const instance = await bench.engine.open({
      principal: 'somebody',
      directory: bench.directory,
      memoryLimit: 64 * 2 ** 20,
      threads: 2,
    });
    const profiles: EngineProfile[] = [];
    const told = instance.forStatement({ onProfile: (profile) => profiles.push(profile) });
    await rowsOf(told, 'SELECT count(DISTINCT h) FROM (SELECT hash(range) AS h FROM range(5000000))');
    await instance.close();
    expect(profiles[0]?.spilledBytes).toBeGreaterThan(2 ** 20);
  });

  it('is told of what is written, too', async () => {
    const profiles: EngineProfile[] = [];
    const instance = bench.instance.forStatement({ onProfile: (profile) => profiles.push(profile) });
    for (const partitions of [[], [{ name: 'p', expression: 'c0 % 3' }]]) {
      await instance.writeParquet('SELECT n FROM people WHERE n < 60', [await people()], {
        signal: new AbortController().signal,
        directory: `${bench.directory}/written-${partitions.length}`,
        columns: [column('n', new Int64(), 1)],
        partitions,
        targetFileSize: 1 << 26,
        compression: 'zstd',
      });
    }
    expect(profiles.map(({ plan }) => flat(plan).find(({ table }) => table === 'people')?.rows)).toEqual([60, 60]);
  });
});

describe('a map as the engine writes it', () => {
  it('is read with quotes, escapes and signs in its values', () => {
    expect([...mapIn("{Top=3, Order By='sum(i) ASC', a='it\\'s \\\\ =, }', b=#0\n#1, c=}")]).toEqual([
      ['Top', '3'],
      ['Order By', 'sum(i) ASC'],
      ['a', "it's \\ =, }"],
      ['b', '#0\n#1'],
      ['c', ''],
    ]);
    expect([...mapIn('{}')]).toEqual([]);
  });
});

function flat(plan: PlanOperator | undefined): PlanOperator[] {
  return plan ? [plan, ...plan.children.flatMap(flat)] : [];
}

function withoutFigures(profiles: EngineProfile[]): unknown {
  return profiles.map(({ plan }) => flat(plan).map(({ operator, table, details }) => ({ operator, table, details })));
}
