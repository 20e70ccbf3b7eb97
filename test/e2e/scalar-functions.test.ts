import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FlightSqlClient } from '../../src/client/index.js';
import { sqlInfo } from '../../src/flight/sql/sql-info.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';

let server: TestServer;
let client: FlightSqlClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await server.client('adminuser');
});
afterAll(() => server?.stop());

const info = sqlInfo({ version: '', statementTimeout: 0, statementBytes: 0 });
const listed = (number: number) => info.get(number)?.value as string[];

/** A call of each function that GetSqlInfo lists, as the escape has it, and its value. */
const NUMERIC = {
  ABS: ['ABS(-1.5)', '1.5'],
  ACOS: ['ROUND(ACOS(0), 4)', '1.5708'],
  ASIN: ['ROUND(ASIN(1), 4)', '1.5708'],
  ATAN: ['ROUND(ATAN(1), 4)', '0.7854'],
  ATAN2: ['ROUND(ATAN2(1, 2), 4)', '0.4636'],
  CBRT: ['ROUND(CBRT(27), 4)', '3.0'],
  CEIL: ['CEIL(1.2)', '2'],
  CEILING: ['CEILING(-1.2)', '-1'],
  COS: ['COS(0)', '1.0'],
  COT: ['ROUND(COT(1), 4)', '0.6421'],
  DEGREES: ['DEGREES(PI())', '180.0'],
  EXP: ['EXP(0)', '1.0'],
  FLOOR: ['FLOOR(-1.2)', '-2'],
  LN: ['ROUND(LN(10), 4)', '2.3026'],
  LOG: ['LOG(EXP(2))', '2.0'],
  LOG10: ['LOG10(1000)', '3.0'],
  LOG2: ['LOG2(8)', '3.0'],
  MOD: ['MOD(-7, 3)', '-1'],
  PI: ['ROUND(PI(), 4)', '3.1416'],
  POW: ['POW(2, 3)', '8.0'],
  POWER: ['POWER(2, 3)', '8.0'],
  RADIANS: ['ROUND(RADIANS(180), 4)', '3.1416'],
  RAND: ['FLOOR(RAND())', '0.0'],
  RANDOM: ['FLOOR(RANDOM())', '0.0'],
  ROUND: ['ROUND(1.255, 2)', '1.26'],
  SIGN: ['SIGN(-5)', '-1'],
  SIN: ['SIN(0)', '0.0'],
  SQRT: ['SQRT(16)', '4.0'],
  TAN: ['TAN(0)', '0.0'],
  TRUNC: ['TRUNC(1.9)', '1'],
  TRUNCATE: ['TRUNCATE(-1.259, 2)', '-1.25'],
};

const STRING = {
  ASCII: ["ASCII('A')", '65'],
  BIT_LENGTH: ["BIT_LENGTH('ä')", '16'],
  CHAR: ['CHAR(65)', 'A'],
  CHARACTER_LENGTH: ["CHARACTER_LENGTH('ä ')", '2'],
  CHAR_LENGTH: ["CHAR_LENGTH('ä ')", '2'],
  CHR: ['CHR(65)', 'A'],
  CONCAT: ["CONCAT('a', 'b')", 'ab'],
  CONCAT_WS: ["CONCAT_WS('-', 'a', 'b')", 'a-b'],
  CONTAINS: ["CONTAINS('abc', 'b')", 'true'],
  DIFFERENCE: ["DIFFERENCE('Smith', 'Smythe')", '4'],
  INSERT: ["INSERT('abc', 2, 1, 'xy')", 'axyc'],
  LCASE: ["LCASE('A')", 'a'],
  LEFT: ["LEFT('abc', 2)", 'ab'],
  LENGTH: ["LENGTH('abc ')", '3'],
  LOCATE: ["LOCATE('c', 'abc', 2)", '3'],
  LOWER: ["LOWER('A')", 'a'],
  LPAD: ["LPAD('a', 3, 'x')", 'xxa'],
  LTRIM: ["LTRIM(' a')", 'a'],
  OCTET_LENGTH: ["OCTET_LENGTH('ä')", '2'],
  POSITION: ["POSITION('b' IN 'abc')", '2'],
  REGEXP_EXTRACT: ["REGEXP_EXTRACT('a12', '[0-9]+')", '12'],
  REGEXP_MATCHES: ["REGEXP_MATCHES('a12', '[0-9]')", 'true'],
  REGEXP_REPLACE: ["REGEXP_REPLACE('a1', '[0-9]', 'x')", 'ax'],
  REPEAT: ["REPEAT('ab', 2)", 'abab'],
  REPLACE: ["REPLACE('abab', 'b', 'x')", 'axax'],
  REVERSE: ["REVERSE('abc')", 'cba'],
  RIGHT: ["RIGHT('abc', 2)", 'bc'],
  RPAD: ["RPAD('a', 3, 'x')", 'axx'],
  RTRIM: ["RTRIM('a ')", 'a'],
  SOUNDEX: ["SOUNDEX('Smith')", 'S530'],
  SPACE: ['SPACE(2)', '  '],
  SPLIT_PART: ["SPLIT_PART('a-b', '-', 2)", 'b'],
  STARTS_WITH: ["STARTS_WITH('abc', 'a')", 'true'],
  STRPOS: ["STRPOS('abc', 'b')", '2'],
  SUBSTR: ["SUBSTR('abc', 2)", 'bc'],
  SUBSTRING: ["SUBSTRING('abc', 2, 1)", 'b'],
  TRANSLATE: ["TRANSLATE('abc', 'ab', 'xy')", 'xyc'],
  TRIM: ["TRIM(' a ')", 'a'],
  UCASE: ["UCASE('a')", 'A'],
  UPPER: ["UPPER('a')", 'A'],
};

const SYSTEM = {
  COALESCE: ["COALESCE(NULL, 'a')", 'a'],
  DATABASE: ['DATABASE()', 'quickstart'],
  IFNULL: ["IFNULL(NULL, 'a')", 'a'],
  NULLIF: ["NULLIF('a', 'b')", 'a'],
  TYPEOF: ['TYPEOF(1)', 'INTEGER'],
  USER: ['USER()', 'adminuser'],
};

const DATETIME = {
  CURDATE: ['YEAR(CURDATE()) >= 2026', 'true'],
  CURRENT_DATE: ['YEAR(CURRENT_DATE()) >= 2026', 'true'],
  CURRENT_TIME: ['HOUR(CURRENT_TIME()) BETWEEN 0 AND 23', 'true'],
  CURRENT_TIMESTAMP: ['YEAR(CURRENT_TIMESTAMP()) >= 2026', 'true'],
  CURTIME: ['HOUR(CURTIME()) BETWEEN 0 AND 23', 'true'],
  DATE_ADD: ["DATE_ADD({d '2026-01-31'}, INTERVAL 1 MONTH)", '2026-02-28 00:00:00'],
  DATE_DIFF: ["DATE_DIFF('day', {d '2026-01-01'}, {d '2026-01-03'})", '2'],
  DATE_PART: ["DATE_PART('year', {d '2026-01-01'})", '2026'],
  DATE_TRUNC: ["DATE_TRUNC('month', {d '2026-01-31'})", '2026-01-01 00:00:00'],
  DAYNAME: ["DAYNAME({d '2026-11-30'})", 'Monday'],
  DAYOFMONTH: ["DAYOFMONTH({d '2026-11-30'})", '30'],
  DAYOFWEEK: ["DAYOFWEEK({d '2026-11-30'})", '2'],
  DAYOFYEAR: ["DAYOFYEAR({d '2026-02-01'})", '32'],
  EXTRACT: ["EXTRACT(YEAR FROM {d '2026-01-01'})", '2026'],
  HOUR: ["HOUR({ts '2026-01-01 12:34:56'})", '12'],
  LAST_DAY: ["LAST_DAY({d '2026-02-01'})", '2026-02-28'],
  MINUTE: ["MINUTE({ts '2026-01-01 12:34:56'})", '34'],
  MONTH: ["MONTH({d '2026-11-30'})", '11'],
  MONTHNAME: ["MONTHNAME({d '2026-11-30'})", 'November'],
  NOW: ['YEAR(NOW()) >= 2026', 'true'],
  QUARTER: ["QUARTER({d '2026-11-30'})", '4'],
  SECOND: ["SECOND({ts '2026-01-01 12:34:56'})", '56'],
  STRFTIME: ["STRFTIME({d '2026-01-31'}, '%d.%m.')", '31.01.'],
  STRPTIME: ["STRPTIME('31.01.2026', '%d.%m.%Y')", '2026-01-31 00:00:00'],
  TIMESTAMPADD: ["TIMESTAMPADD(SQL_TSI_DAY, 1, {d '2026-01-31'})", '2026-02-01 00:00:00'],
  TIMESTAMPDIFF: ["TIMESTAMPDIFF(SQL_TSI_DAY, {d '2026-01-31'}, {d '2026-02-02'})", '2'],
  WEEK: ["WEEK({d '2026-01-08'})", '2'],
  YEAR: ["YEAR({d '2026-01-01'})", '2026'],
};

describe.each([
  ['SQL_NUMERIC_FUNCTIONS', 509, NUMERIC],
  ['SQL_STRING_FUNCTIONS', 510, STRING],
  ['SQL_SYSTEM_FUNCTIONS', 511, SYSTEM],
  ['SQL_DATETIME_FUNCTIONS', 512, DATETIME],
] as const)('%s', (_, number, examples: Record<string, string[]>) => {
  it('lists what the escape {fn …} calls, in order', () => {
    expect(listed(number)).toEqual(Object.keys(examples));
  });

  it.each(listed(number))('{fn %s}', async (name) => {
    const [call, value] = examples[name] as [string, string];
    expect(await rowsAsText(client, `SELECT ${escaped(call, name)}`)).toEqual([[value]]);
  });
});

/** The call with the function in braces, wherever it stands in it. */
function escaped(call: string, name: string): string {
  const start = call.search(new RegExp(`\\b${name}\\(`));
  let depth = 0;
  for (let end = call.indexOf('(', start); end < call.length; end++) {
    if (call[end] === '(') depth++;
    if (call[end] === ')' && --depth === 0) {
      return `${call.slice(0, start)}{fn ${call.slice(start, end + 1)}}${call.slice(end + 1)}`;
    }
  }
  throw new Error(`${name} is not called in ${call}`);
}

/** Members of SqlSupportsConvert: a type of the escape, and a value of it. */
const TYPES: [string, string][] = [
  ['SQL_BIGINT', 'CAST(1 AS BIGINT)'],
  ['SQL_BINARY', "CAST('1' AS BLOB)"],
  ['SQL_BIT', 'true'],
  ['SQL_CHAR', "'1'"],
  ['SQL_DATE', "{d '2026-01-31'}"],
  ['SQL_DECIMAL', '1.5'],
  ['SQL_FLOAT', '1e0'],
  ['SQL_INTEGER', '1'],
  ['SQL_INTERVAL_DAY_TO_SECOND', "{interval '1' DAY}"],
  ['SQL_INTERVAL_YEAR_TO_MONTH', "{interval '1' MONTH}"],
  ['SQL_LONGVARBINARY', "CAST('1' AS BLOB)"],
  ['SQL_LONGVARCHAR', "'1'"],
  ['SQL_NUMERIC', '1.5'],
  ['SQL_REAL', 'CAST(1 AS REAL)'],
  ['SQL_SMALLINT', 'CAST(1 AS SMALLINT)'],
  ['SQL_TIME', "{t '01:02:03'}"],
  ['SQL_TIMESTAMP', "{ts '2026-01-31 01:02:03'}"],
  ['SQL_TINYINT', 'CAST(1 AS TINYINT)'],
  ['SQL_VARBINARY', "CAST('1' AS BLOB)"],
  ['SQL_VARCHAR', "'1'"],
];

/** What text must say to become one of these. */
const TEXTS: Record<string, string> = {
  SQL_DATE: "'2026-01-31'",
  SQL_TIME: "'01:02:03'",
  SQL_TIMESTAMP: "'2026-01-31 01:02:03'",
  SQL_INTERVAL_DAY_TO_SECOND: "'1 day'",
  SQL_INTERVAL_YEAR_TO_MONTH: "'1 month'",
};

describe('SQL_SUPPORTS_CONVERT', () => {
  const conversions = new Map(info.get(517)?.value as [number, number[]][]);

  it.each(TYPES.map(([type, value], from) => [type, value, from] as const))(
    'lists what %s converts to',
    async (type, value, from) => {
      const converted: string[] = [];
      for (const [target] of TYPES) {
        const source = /CHAR$/.test(type) ? (TEXTS[target] ?? value) : value;
        const [rows] = await Promise.allSettled([rowsAsText(client, `SELECT {fn CONVERT(${source}, ${target})}`)]);
        if (rows.status === 'fulfilled') converted.push(target);
      }
      expect((conversions.get(from) ?? []).map((to) => TYPES[to]?.[0])).toEqual(converted);
    },
  );
});
