/** Conditions on a value of a type. None of them fails for any value. */
import { bindable } from './render.mjs';
import { quoted } from './types.mjs';

const numeric = ['int', 'long', 'decimal', 'float', 'double'];

/** Comparisons of the column as another type, which may round, and may sort otherwise than the column itself. */
export function castTests(random, { sql, type }, comparison) {
  const { kind } = type;
  const as = (name, values) =>
    `CAST(${sql} AS ${name}) ${comparison} ${bindable(`CAST('${random.pick(values)}' AS ${name})`)}`;
  const tests = [
    as('VARCHAR', ['', '1', '10', '9', '-1', '2', '2024', '2024-02-29', 'a', 'the same sixteen', 'f', 'true']),
  ];
  if (kind === 'int' || kind === 'long') {
    const numbers = ['-1.5', '0', '9.5', '10', '16777217', '9007199254740993'];
    tests.push(
      as('DOUBLE', numbers),
      as('FLOAT', numbers),
      as('DECIMAL(25, 2)', numbers),
      as('HUGEINT', ['-10', '9', '10']),
    );
  }
  if (kind === 'decimal') {
    const narrower = `DECIMAL(38, ${random.below(Math.min(type.scale, 38 - type.precision + type.scale) + 1)})`;
    tests.push(as('DOUBLE', ['0', '0.1', '1']), `CAST(${sql} AS ${narrower}) ${comparison} 0`);
  }
  if (kind === 'float') tests.push(as('DOUBLE', ['0.1', '-1.5', '16777216']));
  if (kind === 'double') tests.push(as('FLOAT', ['0.1', '0.3', '9007199254740993']).replace('CAST', 'TRY_CAST'));
  if (kind === 'date') tests.push(as('TIMESTAMP', ['2024-02-29 00:00:00', '2024-02-28 23:59:59.999999', '1970-01-01']));
  if (kind === 'timestamp' || kind === 'timestamptz') {
    tests.push(as('DATE', ['1969-12-31', '1970-01-01', '2024-02-29']));
  }
  if (kind === 'timestamp')
    tests.push(as('TIMESTAMP_S', ['2024-02-29 12:30:00']), as('TIMESTAMPTZ', ['2024-02-29 12:30:00+02']));
  if (kind === 'boolean') tests.push(as('INTEGER', ['0', '1']));
  if (kind === 'uuid') tests.push(as('VARCHAR', ['7', '8', 'f79c3e09-677c-4bbd-a479-3f349cb785e7']));
  if (kind === 'string') tests.push(`TRY_CAST(${sql} AS INTEGER) ${comparison} 1`, `lower(${sql}) ${comparison} 'ab'`);
  return tests;
}

/** Comparisons that only values of the type have. */
export function ownTests(random, { sql, type }, comparison) {
  const { kind } = type;
  if (kind === 'boolean') return [sql, `NOT ${sql}`, `${sql} IS TRUE`, `${sql} IS NOT FALSE`];
  if (kind === 'string') {
    const part = random.pick([
      'a',
      'ab',
      'the same',
      'the same sixteen',
      'the same sixteen l',
      '\u{10FFFF}',
      '\u65e5',
      '',
      '%',
      '_',
      '\u00ff',
      'a\u00ff',
      '\uffff',
    ]);
    return [
      `${sql} LIKE ${bindable(`'${part}%'`)}`,
      `${sql} NOT LIKE '${part}%'`,
      `${sql} LIKE '${part}_%a'`,
      `${sql} LIKE '%${part}'`,
      `${sql} ILIKE '${part.toUpperCase()}%'`,
      `${sql} LIKE '${part.replace(/[%_]/, '\\$&')}%' ESCAPE '\\'`,
      `starts_with(${sql}, ${bindable(`'${part}'`)})`,
      `contains(${sql}, '${part}')`,
      `regexp_matches(${sql}, '${random.pick(['^[a-b]', '^a', 'a$', '^ab?', 'a|b', '^$', '.*'])}')`,
      `regexp_full_match(${sql}, '${random.pick(['a.*', 'ab', 'a|b', '.*'])}')`,
      `regexp_matches(${sql}, '${random.pick(['^A', 'B$'])}', 'i')`,
      `${sql} COLLATE ${random.pick(['NOCASE', 'NOACCENT', 'NFC'])} ${comparison} ${bindable(quoted(part))}`,
      `${sql} COLLATE NOCASE IN ('A', 'ab')`,
      `${sql} GLOB '${random.pick(['a*', '[ab]*', '?', '*'])}'`,
      `${sql} SIMILAR TO '${random.pick(['a.*', '(a|b).*'])}'`,
      `${sql} ^@ ${bindable(quoted(part))}`,
      `ends_with(${sql}, ${bindable(quoted(part))})`,
      `${sql} LIKE ${bindable(quoted(`${part}_%`))}`,
      `${sql} NOT ILIKE '${part}_%'`,
      `${sql} BETWEEN ${bindable(quoted(part))} AND ${bindable(quoted(`${part}z`))}`,
      `${sql}[1:2] ${comparison} 'ab'`,
    ];
  }
  if (numeric.includes(kind)) {
    // A number that has no place in a narrow decimal is an error, for rows that it is compared with.
    const isNarrow = kind === 'decimal' && (type.precision - type.scale < 12 || type.scale > 10 || type.precision > 34);
    const other = isNarrow
      ? random.pick(['0', '0.1::DOUBLE'])
      : random.pick(['0', '1', '-10', '1.5', '0.1::DOUBLE', '9.99', '10.50', '2147483648', '9007199254740993', "'1'"]);
    const own = kind === 'int' || kind === 'long' ? arithmeticTests(random, sql, comparison) : [];
    return [...own, `${sql} ${comparison} ${other}`, `${other} ${comparison} ${sql}`, `${sql} IN (${other}, 0)`];
  }
  const day = random.pick(['1969-12-31', '1970-01-01', '2024-02-29', '2024-03-01']);
  const unit = random.pick(['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute']);
  const cut = `date_trunc('${unit}', ${sql})`;
  const cuts = [
    `${cut} ${comparison} DATE '${day}'`,
    `TIMESTAMP '${day} 12:30:00' ${comparison} ${cut}`,
    `${cut} BETWEEN '${day}' AND TIMESTAMP '2024-03-01 07:00:00'`,
  ];
  if (kind === 'date') {
    return [
      `${sql} ${comparison} TIMESTAMP '${day} 12:00:00'`,
      `${sql} ${comparison} '${day}'`,
      `year(${sql}) ${comparison} 2024`,
      ...cuts,
    ];
  }
  if (kind === 'timestamp' || kind === 'timestamp_ns') {
    return [
      `CAST(${sql} AS DATE) ${comparison} DATE '${day}'`,
      `${sql} ${comparison} DATE '${day}'`,
      `${sql} ${comparison} '${day} 12:30:00'`,
      `date_trunc('day', ${sql}) ${comparison} TIMESTAMP '${day} 00:00:00'`,
      ...(kind === 'timestamp' ? cuts : []),
    ];
  }
  if (kind === 'timestamptz') {
    return [`${sql} ${comparison} '${day} 12:30:00+05:30'`, `${cut} ${comparison} TIMESTAMPTZ '${day} 12:30:00+05:30'`];
  }
  return [];
}

/** Sums and products of constants, which have a place in their type for all values, beside ends of it. */
function arithmeticTests(random, sql, comparison) {
  const [name, low, high] = random.pick([
    ['TINYINT', '-128', '127'],
    ['SMALLINT', '-32768', '32767'],
    ['INTEGER', '-2147483648', '2147483647'],
    ['BIGINT', '-9223372036854775808', '9223372036854775807'],
    ['UTINYINT', '0', '255'],
    ['UBIGINT', '0', '18446744073709551615'],
    ['UHUGEINT', '0', '340282366920938463463374607431768211455'],
  ]);
  const isUnsigned = name.startsWith('U');
  const small = `CAST(${isUnsigned ? `abs(${sql} % 50)` : `${sql} % 50`} AS ${name})`;
  // Arrow has no such numbers for a parameter.
  const written = name === 'UHUGEINT' ? (text) => text : bindable;
  // Not as literals of a pool are written, in whose place another one may be bound, with which a sum has no place in its type.
  const constant = (text) => written(`CAST(${text} AS ${name})`);
  const ofPool = (text) => written(`CAST('${text}' AS ${name})`);
  const end = ofPool(random.pick([low, high, '0', '1', '50', '49']));
  const made = random.pick([
    `${small} + ${constant('1')}`,
    `${constant('2')} * ${small}`,
    `${constant('60')} - ${small}`,
    ...(isUnsigned ? [] : [`${small} * ${constant('-1')}`, `${small} - ${constant('3')}`, `-1 * ${small}`]),
  ]);
  return [`${made} ${comparison} ${end}`, `${end} ${comparison} ${made}`];
}
