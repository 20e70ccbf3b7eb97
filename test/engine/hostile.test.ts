import { describe, expect, it } from 'vitest';
import { useEngine } from './support.js';

const bench = useEngine();

describe('a text made to break the parser', () => {
  const deep = (open: string, middle: string, close: string) => open.repeat(5000) + middle + close.repeat(5000);
  it.each([
    ['NOT', `SELECT ${deep('NOT ', 'true', '')}`],
    ['operators', `SELECT ${deep('', '1', ' + 1')}`],
    ['calls', `SELECT ${deep('abs(', '1', ')')}`],
    ['casts', `SELECT ${deep('', '1', '::INT')}`],
    ['CASE', `SELECT ${deep('CASE WHEN true THEN ', '1', ' END')}`],
    ['lists', `SELECT ${deep('[', '1', ']')}`],
    ['types', `SELECT NULL::${deep('STRUCT(a ', 'INT', ')')}`],
    ['subqueries', deep('SELECT * FROM (', 'SELECT 1', ')')],
    ['joins', `SELECT 1 FROM range(1)${deep('', '', ' JOIN range(1) USING (range)')}`],
    ['set operations', `SELECT 1${deep('', '', ' INTERSECT SELECT 1')}`],
    ['common table expressions', deep('WITH a AS (', 'SELECT 1', ') SELECT 1')],
  ])('nests %s too deeply: refused, and the engine goes on', async (_, sql) => {
    await expect(bench.engine.parser.parseQuery(sql)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await bench.rows('SELECT 1')).toEqual([[1]]);
  });

  it('nests deeply, within what DuckDB allows: is parsed and run', async () => {
    const sql = `SELECT ${'CASE WHEN true THEN '.repeat(400)}1${' END'.repeat(400)} AS one`;
    await bench.engine.parser.parseQuery(sql);
    expect((await bench.instance.describe(sql, [])).schema.fields).toHaveLength(1);
    expect(await bench.rows(sql)).toEqual([[1]]);
  });

  it('is long: is parsed like a short one', async () => {
    const sql = `SELECT '${'é'.repeat(100_000)}', 🦉.a.b.c, * FROM "🦉".a.b`;
    const { tables, qualifiedColumns, scopes } = await bench.engine.parser.parseQuery(sql);
    expect(tables.map(({ start, end }) => sql.slice(start, end))).toEqual(['"🦉".a.b']);
    expect(qualifiedColumns.map(({ start, end }) => sql.slice(start, end))).toEqual(['🦉.a.b.c']);
    expect(scopes[0]?.stars.map(({ exclude }) => sql.slice(exclude.start - 1, exclude.end))).toEqual(['*']);
  });
});

describe('planning that takes long', () => {
  const sql = `SELECT ${'abs('.repeat(500)}1${')'.repeat(500)}`;
  it.each([
    ['describe', (signal: AbortSignal) => bench.instance.describe(sql, [], signal)],
    ['demand', (signal: AbortSignal) => bench.instance.demand(sql, [], undefined, signal)],
  ])('stops when its signal is aborted: %s', async (_, plan) => {
    await expect(plan(AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(plan(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

it('EXPLAIN ANALYZE stops when its signal is aborted', async () => {
  const sql = 'SELECT count(*) FROM range(100000000000)';
  const explained = bench.instance.explain(sql, [], { analyze: true, signal: AbortSignal.timeout(50) });
  await expect(explained).rejects.toMatchObject({ code: 'CANCELLED' });
});

it('more queries at a time than there are threads wait for their turn', async () => {
  const described = Array.from({ length: 600 }, (_, index) => bench.instance.describe(`SELECT ${index} AS n`, []));
  expect((await Promise.all(described)).every(({ schema }) => schema.fields.length === 1)).toBe(true);
});

describe('split', () => {
  it('ends a line comment at a carriage return, as the engine does', async () => {
    expect(await bench.engine.parser.split('SELECT 1 -- one\r; SELECT 2')).toEqual(['SELECT 1', 'SELECT 2']);
    expect(await bench.engine.parser.split('SELECT 1 -- one\rWHERE false')).toEqual(['SELECT 1 -- one\rWHERE false']);
    expect(await bench.rows('SELECT 1 -- one\rWHERE false')).toEqual([]);
  });
});
