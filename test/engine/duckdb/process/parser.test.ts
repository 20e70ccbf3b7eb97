import { describe, expect, it } from 'vitest';
import { useEngine } from './support.js';

const bench = useEngine();
const parse = (sql: string) => bench.instance.parser.parseQuery(sql);
const named = async (sql: string) =>
  (await parse(sql)).tables.map(({ path, start, end }) => [path.join('|'), sql.slice(start, end)]);

describe('parseQuery', () => {
  it('finds tables with their place in the text', async () => {
    expect(await named('SELECT é.x FROM "é" AS é JOIN /* ns.t */ ns . "T ""x" ON true, cat.ns.tt')).toEqual([
      ['é', '"é"'],
      ['ns|T "x', 'ns . "T ""x"'],
      ['cat|ns|tt', 'cat.ns.tt'],
    ]);
    expect(await named('FROM y: foo.bar')).toEqual([['foo|bar', 'foo.bar']]);
    expect(await named('DESCRIBE a.b')).toEqual([['a|b', 'a.b']]);
    expect(await named('SELECT 1 WHERE EXISTS (FROM a) LIMIT (SELECT 1 FROM b)')).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
  });

  it('tells by what COLUMNS chooses columns, and takes no star for one of the text', async () => {
    const [scope] = (
      await parse("SELECT COLUMNS('^a'), COLUMNS(lambda c: c LIKE 'b%'), COLUMNS(['c']), COLUMNS(*) FROM t")
    ).scopes;
    expect(scope?.choices).toEqual(['^a', null]);
    expect(scope?.stars).toHaveLength(1);
  });

  it('tells whether each row is made of one row of a single table, up to a LIMIT', async () => {
    const told = async (sql: string) => {
      const { isRowByRow, rowLimit } = await parse(sql);
      return [isRowByRow, rowLimit];
    };
    expect(await told('SELECT a + 1, upper(b) FROM t WHERE c IN (1, 2)')).toEqual([true, undefined]);
    expect(await told('SELECT * FROM t WHERE c LIMIT 7')).toEqual([false, 7]);
    expect(await told('SELECT * FROM t LIMIT 0')).toEqual([false, 0]);
    expect(await told('SELECT z FROM (SELECT lower(a) FROM (FROM t) WHERE b) AS q(z) WHERE z > 1')).toEqual([
      true,
      undefined,
    ]);
    expect(await told('SELECT * FROM (SELECT a FROM t WHERE b) LIMIT 3')).toEqual([false, 3]);
    for (const sql of [
      'SELECT * FROM t LIMIT 7 OFFSET 1',
      'SELECT * FROM t LIMIT 7%',
      'SELECT * FROM t LIMIT 3 + 4',
      'SELECT * FROM t ORDER BY a LIMIT 7',
      'SELECT DISTINCT a FROM t LIMIT 7',
      'SELECT a FROM (SELECT a FROM t LIMIT 7)',
      'SELECT a FROM (SELECT a FROM t ORDER BY a) LIMIT 7',
      'SELECT a FROM (SELECT DISTINCT a FROM t)',
      'SELECT a FROM (SELECT random() AS a FROM t)',
      'SELECT a FROM (SELECT a FROM t) TABLESAMPLE 3',
      'SELECT a FROM (SELECT a FROM t UNION ALL SELECT a FROM t)',
      'SELECT count(*) FROM t',
      'SELECT a, row_number() OVER () FROM t',
      'SELECT a, random() FROM t',
      'SELECT a FROM t, u',
      'SELECT a FROM t WHERE EXISTS (FROM t)',
      'SELECT unnest(a) FROM t',
      'SELECT a FROM t UNION ALL SELECT a FROM t',
    ]) {
      expect(await told(sql), sql).toEqual([false, undefined]);
    }
  });

  it('respects the scope of common table expressions', async () => {
    expect(await named('WITH t AS (SELECT * FROM t) SELECT * FROM T')).toEqual([['t', 't']]);
    expect(
      await named('WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT * FROM r JOIN x ON true), q AS (FROM r) FROM q, r'),
    ).toEqual([['x', 'x']]);
    expect(await named('SELECT * FROM (WITH a AS (SELECT 1) FROM a) s, a')).toEqual([['a', 'a']]);
    expect(await named('WITH a AS (SELECT 1) SELECT * FROM s.a')).toEqual([['s|a', 's.a']]);
  });

  it('finds time travel, alias and clause', async () => {
    const sql = "SELECT * FROM t AS z AT (VERSION => 3), u AT (TIMESTAMP => TIMESTAMP '2020-01-01 (x)') WHERE true";
    const { tables } = await parse(sql);
    expect(tables.map(({ alias, at }) => [alias, at?.unit, at?.text, at && sql.slice(at.start, at.end)])).toEqual([
      ['z', 'version', '3', 'AT (VERSION => 3)'],
      [undefined, 'timestamp', "TIMESTAMP '2020-01-01 (x)'", "AT (TIMESTAMP => TIMESTAMP '2020-01-01 (x)')"],
    ]);
  });

  it('finds fully qualified columns and counts parameters', async () => {
    const sql = 'SELECT cat.ns.t.c, t.c, ? FROM cat.ns.t WHERE x = ?';
    const { qualifiedColumns, parameterCount } = await parse(sql);
    expect(qualifiedColumns.map(({ path, start, end }) => [path, sql.slice(start, end)])).toEqual([
      [['cat', 'ns', 't', 'c'], 'cat.ns.t.c'],
    ]);
    expect(parameterCount).toBe(2);
  });

  it('names line and column, in characters, of a syntax error', async () => {
    await expect(parse("SELECT 'é𝄞',\n  'ü' FROM FROM x")).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('line 2, column 12'),
    });
  });

  it.each([
    "FROM glob('*')",
    "SELECT * FROM read_parquet('x')",
    'FROM duckdb_settings()',
    "FROM query('SELECT 1')",
    "FROM query_table('x')",
    "SELECT (SELECT max(content) FROM read_text('/etc/passwd'))",
    "WITH a AS (FROM read_csv('x')) SELECT 1",
    "SELECT getenv('HOME')",
    "SELECT current_setting('threads')",
    "SELECT sum(1) OVER (ORDER BY GETVARIABLE('a'))",
    "SELECT list_transform([1], lambda x: nextval('s'))",
    "SELECT system.main.current_setting('x')",
    'SHOW TABLES',
  ])('refuses %s', async (sql) => {
    await expect(parse(sql)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('allows functions that compute from their arguments', async () => {
    await parse("SELECT * FROM range(3), unnest([1]), generate_series(1, 2), json_each('{}'), repeat('x', 2)");
  });

  it('wants exactly one query', async () => {
    await expect(parse('SELECT 1; SELECT 2')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(parse('INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(parse('SELECT 1\0; DROP')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
