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
    await expect(bench.instance.parser.parseQuery(sql)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await bench.rows('SELECT 1')).toEqual([[1]]);
  });

  it('nests deeply, within what DuckDB allows: is parsed and run', async () => {
    const sql = `SELECT ${'CASE WHEN true THEN '.repeat(200)}1${' END'.repeat(200)} AS one`;
    await bench.instance.parser.parseQuery(sql);
    expect((await bench.instance.describe(sql, [])).schema.fields).toHaveLength(1);
    expect(await bench.rows(sql)).toEqual([[1]]);
  });

  it('is long: is parsed like a short one', async () => {
    const sql = `SELECT '${'é'.repeat(100_000)}', 🦉.a.b.c, * FROM "🦉".a.b`;
    const { tables, qualifiedColumns, scopes } = await bench.instance.parser.parseQuery(sql);
    expect(tables.map(({ start, end }) => sql.slice(start, end))).toEqual(['"🦉".a.b']);
    expect(qualifiedColumns.map(({ start, end }) => sql.slice(start, end))).toEqual(['🦉.a.b.c']);
    expect(scopes[0]?.stars.map(({ exclude }) => sql.slice(exclude.start - 1, exclude.end))).toEqual(['*']);
  });
});

describe('a text that takes too long to plan', () => {
  const nested = (open: string, middle: string, close: string, depth: number) =>
    `SELECT ${open.repeat(depth)}${middle}${close.repeat(depth)}`;
  const joined = (count: number) =>
    `SELECT 1 FROM ${Array.from({ length: count }, (_, index) => `range(1) t${index}`).join(', ')}`;
  const aliases = (count: number) =>
    `SELECT 1 AS a0${Array.from({ length: count }, (_, index) => `, a${index} + a${index} AS a${index + 1}`).join('')}`;

  it.each([
    ['EXISTS', nested('EXISTS (SELECT 1 WHERE ', 'true', ')', 100)],
    ['subqueries', nested('(SELECT ', '1', ')', 30)],
    ['HAVING', `${'SELECT sum(x) AS x FROM ('.repeat(30)}SELECT 1 AS x${') HAVING sum(x) > 0'.repeat(30)}`],
    ['joins', joined(200)],
    ['aliases', aliases(60)],
  ])('by its %s is refused by name', async (_, sql) => {
    const parsed = bench.instance.parser.parseQuery(sql);
    await expect(parsed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: /too complex/ });
  });

  it.each([
    ['additions', `SELECT i${' + 1'.repeat(800)} FROM range(1) t(i)`],
    ['texts', `SELECT i${" || 'a'".repeat(800)} FROM range(1) t(i)`],
    ['lists', nested('[', '1', ']', 800)],
  ])('by its %s is refused, whoever plans it', async (_, sql) => {
    const refusal = { code: 'INVALID_ARGUMENT', message: /depth limit of 250 exceeded\.?(, line.*)?$/ };
    await expect(bench.instance.describe(sql, [])).rejects.toMatchObject(refusal);
    await expect(bench.rows(sql)).rejects.toMatchObject(refusal);
  });

  it.each([
    ['nested subqueries', nested('(SELECT ', '1', ')', 10)],
    ['joined tables', joined(60)],
    ['aliases of aliases', aliases(10)],
    ['tables in FROM', `${'SELECT * FROM ('.repeat(100)}SELECT 1 AS x${')'.repeat(100)}`],
  ])('is told from one with many %s, which runs', async (_, sql) => {
    await bench.instance.parser.parseQuery(sql);
    expect(await bench.rows(sql)).toHaveLength(1);
  });
});

describe('planning that takes long', () => {
  const sql = `SELECT 1 WHERE ${'EXISTS (SELECT 1 WHERE '.repeat(17)}true${')'.repeat(17)}`;
  it.each([
    ['describe', (signal: AbortSignal) => bench.instance.describe(sql, [], signal)],
    ['demand', (signal: AbortSignal) => bench.instance.demand(sql, [], undefined, signal)],
  ])('stops when its signal is aborted: %s', async (_, plan) => {
    await expect(plan(AbortSignal.timeout(5))).rejects.toMatchObject({ code: 'CANCELLED' });
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

it('ends a line comment at a carriage return', async () => {
  expect(await bench.rows('SELECT 1 -- one\rWHERE false')).toEqual([]);
});
