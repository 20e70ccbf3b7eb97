/** What lies between the rows of files and the text. */
import { Int64, Utf8 } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlanOperator, TableScan } from '../../../../src/engine/duckdb/contract.js';
import type { Barrier } from '../../../../src/expressions/index.js';
import { column, physical, scan, source, useEngine } from './support.js';

const bench = useEngine();
const columns = [column('id', new Int64(), 1), column('region', new Utf8(), 2), column('mail', new Utf8(), 3)];
const own = [physical('id', 1), physical('region', 2), physical('mail', 3)];
const barrier: Barrier = {
  condition: `"region" IS NOT DISTINCT FROM 'EU'`,
  masks: [{ name: 'mail', value: `regexp_replace("mail", '[a-z]', 'x', 'g')` }],
};

beforeAll(() =>
  bench.write(
    `COPY (SELECT range AS id, CASE WHEN range % 2 = 0 THEN 'EU' ELSE 'US' END AS region, 'a' || range AS mail FROM range(10))
      TO '${bench.directory}/people.parquet' (FIELD_IDS {id: 1, region: 2, mail: 3})`,
  ),
);

function people(between?: Barrier): TableScan {
  const files = [source(`${bench.directory}/people.parquet`, own, { rowCount: 10 })];
  return { ...scan('t', columns, files), ...(between && { barrier: between }) };
}

function readersOf(plan: PlanOperator): PlanOperator[] {
  return plan.operator === 'TABLE_SCAN' ? [plan] : plan.children.flatMap(readersOf);
}

/** What the plan says at the reader of files. */
async function atReader(sql: string, between: Barrier | undefined): Promise<string> {
  return JSON.stringify(readersOf(await bench.instance.explain(sql, [people(between)], { analyze: false })));
}

describe('a barrier', () => {
  it.each([
    `SELECT id FROM "t" WHERE id = 7`,
    `SELECT id FROM "t" WHERE id > 7 AND mail = 'a8'`,
    `SELECT t.id FROM "t" JOIN (SELECT 7 AS k) u ON t.id = u.k WHERE t.id = 7`,
    `SELECT id FROM (SELECT * FROM "t" ORDER BY mail) WHERE id = 7`,
    `SELECT id FROM (SELECT DISTINCT id FROM "t") WHERE id = 7`,
    `WITH c AS MATERIALIZED (SELECT * FROM "t") SELECT id FROM c WHERE id = 7`,
  ])('is crossed by nothing of the text on its way down: %s', async (sql) => {
    expect(await atReader(sql, barrier)).not.toMatch(/7|a8/);
    expect(await atReader(sql, barrier)).toContain("'EU'");
  });

  it.each([
    `SELECT id FROM "t" WHERE mail = 'a8'`,
    `SELECT t.id FROM "t" JOIN (SELECT 'a8' AS k) u ON t.mail = u.k`,
    `SELECT id FROM "t" WHERE mail LIKE 'a8%' AND id > 3`,
  ])('of masks alone lets nothing compare their columns unmasked: %s', async (sql) => {
    const masksAlone = { masks: barrier.masks };
    expect(await atReader(sql, masksAlone)).not.toMatch(/c2 ?(?:=|>|<|~~|IN|BETWEEN|COMPARE)/);
    expect(await bench.rows(sql, [people(masksAlone)])).toEqual([]);
    expect(await bench.rows(sql.replaceAll('a8', 'x8'), [people(masksAlone)])).toEqual([[8n]]);
  });

  it('that is not there is crossed', async () => {
    expect(await atReader(`SELECT id FROM "t" WHERE id = 7`, undefined)).toContain('7');
  });

  it('reads only the columns that are wanted', async () => {
    expect(await atReader(`SELECT id FROM "t"`, { masks: barrier.masks })).not.toContain('c2');
  });

  it('gives rows that pass, masked, as often as they are read', async () => {
    const sql = `SELECT count(*), min(mail), max(mail) FROM "t" WHERE id < (SELECT max(id) FROM "t")`;
    expect(await bench.rows(sql, [people(barrier)])).toEqual([[4n, 'x0', 'x6']]);
  });
});
