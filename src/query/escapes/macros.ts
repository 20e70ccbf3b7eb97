/** Functions of `{fn …}` that the engine does not have, or not with the meaning that ODBC gives them, as macros over its own. */
import type { FunctionDefinition } from '../../engine/contract.js';

/** The functions that a text calls, and those that these call. */
export function escapeFunctions(sql: string): FunctionDefinition[] {
  const wanted = new Set<string>();
  // The engine looks for the functions that a macro calls where it is made.
  const add = (text: string) => {
    for (const [name] of text.toLowerCase().matchAll(CALLS)) {
      if (wanted.has(name) || !Object.hasOwn(MACROS, name)) continue;
      for (const { body } of MACROS[name] as Macro) add(body);
      wanted.add(name);
    }
  };
  add(sql);
  return Array.from(wanted, (name) => ({ name, overloads: MACROS[name] as Macro }));
}

const CALLS = /\bfn_[a-z_]+\b/g;

type Macro = FunctionDefinition['overloads'];

/** A macro for arguments of any type. */
function any(parameters: string, body: string): Macro {
  return [{ parameters: parameters.split(' ').filter(Boolean), body }];
}

const CODES = `'AEIOUYHWBFPVCGJKQSXZDTLMNR', '00000000111122222222334556'`;

/** Not by the type of the parameter, which the engine does not know of a column of the query around a subquery. */
function ofBytes(ofBlob: string, ofText: string): Macro {
  return any('x', `CASE WHEN typeof(x) = 'BLOB' THEN ${ofBlob} ELSE ${ofText} END`);
}

const START = 'greatest(CAST(start AS BIGINT), 1)';

const MACROS: Record<string, Macro> = {
  fn_bit_length: ofBytes('8 * octet_length(CAST(x AS BLOB))', '8 * strlen(CAST(x AS VARCHAR))'),
  fn_concat: any('a b', 'a || b'),
  fn_current_time: any('digits', 'CAST(fn_current_timestamp(digits) AS TIME)'),
  fn_current_timestamp: any('digits', cutTo('epoch_us(CAST(now() AS TIMESTAMP))', 'digits')),
  fn_dayofweek: any('x', 'dayofweek(x) + 1'),
  fn_difference: any('a b', '4 - hamming(fn_soundex(a), fn_soundex(b))'),
  fn_insert: any('x start count y', `left(x, ${START} - 1) || y || substr(x, ${START} + CAST(count AS BIGINT))`),
  fn_interval: any(
    'x unit',
    `CAST(CASE typeof(x) WHEN 'INTERVAL' THEN CAST(x AS VARCHAR) WHEN 'VARCHAR' THEN fn_interval_text(CAST(x AS VARCHAR), unit) ELSE concat(x, ' ', unit) END AS INTERVAL)`,
  ),
  fn_interval_text: any(
    'x unit',
    `CASE WHEN regexp_full_match(x, '\\s*[+-]?[0-9.]+\\s*') THEN x || ' ' || unit ELSE x END`,
  ),
  fn_length: any('x', `length(rtrim(x, ' '))`),
  fn_locate: [
    ...any('x y', 'strpos(y, x)'),
    ...any(
      'x y start',
      `CASE WHEN strpos(substr(y, ${START}), x) = 0 THEN 0 ELSE strpos(substr(y, ${START}), x) + ${START} - 1 END`,
    ),
  ],
  /** Text is read as a timestamp, and a time is one of today. */
  fn_moment: [
    { parameters: [{ name: 'x', type: 'TIME' }], body: 'current_date + x' },
    { parameters: [{ name: 'x', type: 'VARCHAR' }], body: 'CAST(x AS TIMESTAMP)' },
    { parameters: ['x'], body: 'x' },
  ],
  fn_octet_length: ofBytes('octet_length(CAST(x AS BLOB))', 'strlen(CAST(x AS VARCHAR))'),
  fn_rand: any('seed', 'hash(CAST(seed AS BIGINT)) / 18446744073709551616.0'),
  fn_soundex: any('x', soundex(`upper(regexp_replace(x, '[^A-Za-z]', '', 'g'))`)),
  fn_space: any('count', `repeat(' ', CAST(count AS BIGINT))`),
  fn_timestampadd: any('unit count x', `x + ${interval('unit', 'count')}`),
  fn_timestampdiff: any(
    'unit a b',
    `date_sub(if(unit = 'frac_second', 'microsecond', unit), a, b) * if(unit = 'frac_second', 1000, 1)`,
  ),
  /** What is a number of so many digits already may lie just below it as a binary fraction. */
  fn_truncate: any('x digits', 'CASE WHEN round(x, digits) = x THEN round(x, digits) ELSE trunc(x, digits) END'),
};

/** The timestamp of so many microseconds, with so many digits behind the second. */
function cutTo(microseconds: string, digits: string): string {
  const step = `CAST(power(10, 6 - least(${digits}, 6)) AS BIGINT)`;
  return `make_timestamp(${microseconds} - ${microseconds} % ${step})`;
}

/** `FRAC_SECOND` counts nanoseconds, of which the engine keeps microseconds. */
function interval(unit: string, count: string): string {
  const whole = `CAST(${count} AS INTEGER)`;
  const cases = {
    frac_second: `to_microseconds(CAST(${count} AS BIGINT) // 1000)`,
    second: `to_seconds(CAST(${count} AS BIGINT))`,
    minute: `to_minutes(CAST(${count} AS BIGINT))`,
    hour: `to_hours(CAST(${count} AS BIGINT))`,
    day: `to_days(${whole})`,
    week: `to_weeks(${whole})`,
    month: `to_months(${whole})`,
    quarter: `to_quarters(${whole})`,
    year: `to_years(${whole})`,
  };
  const branches = Object.entries(cases).map(([name, value]) => `WHEN '${name}' THEN ${value}`);
  return `CASE ${unit} ${branches.join(' ')} END`;
}

/**
 * American Soundex of text in capital letters alone: the first letter and three digits. Letters of one digit count once where they stand
 * together or have H or W between them. Text without letters is `0000`.
 */
function soundex(letters: string): string {
  const digits = `translate(left(${letters}, 1) || regexp_replace(substr(${letters}, 2), '[HW]', '', 'g'), ${CODES})`;
  const single = [1, 2, 3, 4, 5, 6].reduce(
    (text, digit) => `regexp_replace(${text}, '${digit}+', '${digit}', 'g')`,
    digits,
  );
  return `rpad(left(${letters}, 1) || left(replace(substr(${single}, 2), '0', ''), 3), 4, '0')`;
}
