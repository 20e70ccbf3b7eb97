import { describe, expect, it } from 'vitest';
import { useEngine } from './support.js';

const bench = useEngine();

async function corrected(condition: string) {
  const text = `SELECT * FROM t WHERE ${condition}`;
  const { edits, functions } = (await bench.instance.parser.parseQuery(text)).corrections;
  let written = text;
  for (const { start, end, text: instead } of [...edits].sort((a, b) => b.start - a.start)) {
    written = written.slice(0, start) + instead + written.slice(end);
  }
  return {
    written: written.slice('SELECT * FROM t WHERE '.length),
    hides: functions.map(({ name, hides }) => [name, hides]),
  };
}

const hides = async (condition: string) => (await corrected(condition)).hides;

describe('what the optimiser would misread', () => {
  it.each([
    "date_trunc('month', ts) = DATE '2024-02-01'",
    "date_trunc('months', ts) <> TIMESTAMP '2024-02-01 00:00:00'",
    "date_trunc('week', ts) = '2024-02-12'",
    "date_trunc('quarter', ts) = TIMESTAMPTZ '2024-04-01'",
    "date_trunc('day', ts) = current_date",
    "date_trunc('day', ts) = today() - 7",
    "date_trunc('month', ts) = date_trunc('month', now()) - INTERVAL 1 MONTH",
    "date_trunc('month', ts) = date_trunc('month', DATE '2024-02-15') + INTERVAL '2 months'",
    "date_trunc('month', ts) = date_trunc('month', other)",
    "date_trunc('month', ts) <> other",
    "date_trunc('month', ts) = (SELECT max(x) FROM t)",
    "date_trunc('month', ts) >= DATE '2024-02-15'",
    "date_trunc('month', ts) IS DISTINCT FROM DATE '2024-02-15'",
    "date_trunc('month', ts) BETWEEN DATE '2024-02-15' AND DATE '2024-03-15'",
  ])('leaves %s, by which files are left out', async (condition) => {
    expect(await hides(condition)).toEqual([]);
  });

  it.each([
    "date_trunc('month', d) <> DATE '2024-02-15'",
    "DATE '2024-02-15' = date_trunc('month', d)",
    "date_trunc('week', d) = '2024-02-13'",
    "date_trunc('month', d) = TIMESTAMP '2024-02-01 00:00:01'",
    "date_trunc('month', d) = TIMESTAMPTZ '2024-02-01 00:00:00+02'",
    "date_trunc('month', d) = current_date",
    "date_trunc('month', d) = date_trunc('day', now())",
    "date_trunc('month', d) = date_trunc('month', now()) - INTERVAL 1 DAY",
    "date_trunc('month', d) = ?",
    "date_trunc(lower('MONTH'), d) = DATE '2024-02-01'",
    "date_trunc('month', d) IN (DATE '2024-02-01', DATE '2024-02-15')",
  ])('hides the column in %s', async (condition) => {
    expect(await hides(condition)).toEqual([['date_trunc', 'columns']]);
  });

  it('hides the column where less than a day is compared', async () => {
    expect(await hides("datetrunc('hour', d) < TIMESTAMP '2024-02-15 10:00:00'")).toEqual([['datetrunc', 'columns']]);
    expect(await hides("date_trunc('ms', d) BETWEEN DATE '2024-02-15' AND DATE '2024-02-16'")).toEqual([
      ['date_trunc', 'columns'],
    ]);
  });

  it('writes names without a schema, under which alone they are replaced', async () => {
    const { written } = await corrected("é AND system.main . date_trunc('month', d) <> DATE '2024-02-15'");
    expect(written).toBe("é AND date_trunc('month', d) <> DATE '2024-02-15'");
  });

  it.each([
    ["CAST(t.z AS VARCHAR) > '1'", "skua_text(t.z) > '1'"],
    ['\'1\' >= try_cast( "a z" AS VARCHAR(100) )', '\'1\' >= skua_text( "a z")'],
    ["é AND t . s.z::TEXT BETWEEN '1' AND '2'", "é AND skua_text(t . s.z) BETWEEN '1' AND '2'"],
    ['z::VARCHAR(5) <> y::STRING', 'skua_text(z) <> skua_text(y)'],
    ["CAST((z) AS VARCHAR) = '1'", "CAST((z) AS VARCHAR) || '' = '1'"],
    ["(z)::VARCHAR = '1'", "(z)::VARCHAR || '' = '1'"],
    ["CAST(z + i AS VARCHAR) = '1'", "CAST(z + i AS VARCHAR) || '' = '1'"],
    [
      "CAST(z AS VARCHAR) LIKE '1%' AND upper(z::VARCHAR) = 'A'",
      "CAST(z AS VARCHAR) LIKE '1%' AND upper(z::VARCHAR) = 'A'",
    ],
  ])('has the text of what may be a moment compared as a text: %s', async (condition, written) => {
    expect((await corrected(condition)).written).toBe(written);
  });

  it('keeps comparisons that are true of two nulls where NULL is as good as false', async () => {
    const pattern = 'a = b OR (a IS NULL AND b IS NULL)';
    expect((await corrected(`(${pattern}) AND c`)).written).toBe(`(${pattern}) AND c`);
    expect((await corrected(`NOT (${pattern})`)).written).toContain('NOT (a = b OR (a  IS NOT DISTINCT FROM NULL AND');
    expect((await corrected('NOT ((a ISNULL AND b IS NULL) OR a = b)')).written).toContain('a  IS NOT DISTINCT');
    expect((await corrected(`(${pattern}) IS NULL`)).written).not.toContain('(a IS NULL');
  });
});
