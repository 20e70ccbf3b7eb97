/**
 * Random SQL expressions over a scope of columns `{ sql, type }`. Values that may be bound to parameters are put between marks, which
 * `render.mjs` replaces. None of them fails for any value, so that an error is always a finding.
 */
import { bindable } from './render.mjs';
import { asText, holds, identifier, isNested, poolOf, typeSql } from './types.mjs';

const numeric = ['int', 'long', 'decimal', 'float', 'double'];
const moments = ['timestamp', 'timestamptz', 'timestamp_ns'];
/** No values, or none that can be compared with one another. */
const incomparable = (type) => holds(type, ({ kind }) => kind === 'variant');

export class Expressions {
  constructor(random) {
    this.random = random;
  }

  /** A condition, as `{ sql, parts }`: `parts` are conditions that are simpler. */
  condition(scope, depth = 0) {
    const { random } = this;
    if (depth < 3 && random.chance(0.4)) {
      const parts = Array.from({ length: random.between(2, 3) }, () => this.condition(scope, depth + 1));
      const [first, second] = parts;
      return random.weighted([
        [4, { sql: parts.map(({ sql }) => `(${sql})`).join(' AND '), parts }],
        [4, { sql: parts.map(({ sql }) => `(${sql})`).join(' OR '), parts }],
        [2, { sql: `NOT (${first.sql})`, parts: [first] }],
        [1, { sql: `((${first.sql}) AND (${second.sql})) IS NOT TRUE`, parts: [first, second] }],
        [1, { sql: `CASE WHEN ${first.sql} THEN ${second.sql} ELSE ${first.sql} END`, parts: [first, second] }],
      ]);
    }
    return { sql: this.#test(scope), parts: [] };
  }

  /** An expression of any type, as `{ sql, type }`. */
  value(scope) {
    const { random } = this;
    const leaf = random.chance(0.6) ? this.leaf(scope) : this.column(scope);
    if (random.chance(0.55)) return leaf;
    const { sql, type } = leaf;
    const same = this.#other(scope, type);
    const choices = [
      [1, () => ({ sql: `(${this.condition(scope, 2).sql})`, type: { kind: 'boolean' } })],
      [1, () => ({ sql: `(${sql} IS NULL)`, type: { kind: 'boolean' } })],
    ];
    if (!incomparable(type)) {
      choices.push(
        [1, () => ({ sql: `coalesce(${sql}, ${same})`, type })],
        [1, () => ({ sql: `CASE WHEN ${this.condition(scope, 2).sql} THEN ${sql} ELSE ${same} END`, type })],
        [1, () => ({ sql: `nullif(${sql}, ${same})`, type })],
      );
      if (!isNested(type)) choices.push([1, () => ({ sql: asText(leaf), type: { kind: 'string' } })]);
      if (!isNested(type) && type.kind !== 'boolean')
        choices.push([1, () => ({ sql: `greatest(${sql}, ${same})`, type })]);
    }
    for (const [kind, made] of this.#functionsOf(leaf)) choices.push([2, () => ({ sql: made, type: { kind } })]);
    return random.weighted(choices)();
  }

  column(scope) {
    return this.random.pick(scope);
  }

  /** A column, or what lies inside it. */
  leaf(scope, test = () => true) {
    for (let attempt = 0; attempt < 20; attempt++) {
      let { sql, type } = this.column(scope);
      while (isNested(type) && this.random.chance(0.9)) ({ sql, type } = this.#inside(sql, type));
      if (test(type)) return { sql, type };
    }
    return scope[0];
  }

  /** A value of a type's pool. */
  literal(type) {
    const pool = type.kind === 'unknown' || isNested(type) ? [] : poolOf(type);
    return pool.length === 0 ? `CAST(NULL AS ${typeSql(type)})` : bindable(this.random.pick(pool));
  }

  #other(scope, type) {
    if (this.random.chance(0.3)) {
      const like = scope.filter((other) => typeSql(other.type) === typeSql(type));
      if (like.length > 0) return this.random.pick(like).sql;
    }
    return this.literal(type);
  }

  #inside(sql, type) {
    const { random } = this;
    if (type.kind === 'struct') {
      const child = random.pick(type.fields);
      const way = random.chance(0.6) ? `(${sql}).${identifier(child.name)}` : `struct_extract(${sql}, '${child.name}')`;
      return { sql: way, type: child.type };
    }
    if (type.kind === 'list') {
      return { sql: `list_extract(${sql}, ${random.pick([1, 2, -1])})`, type: type.element.type };
    }
    return { sql: `map_extract_value(${sql}, ${this.literal(type.entryKey.type)})`, type: type.value.type };
  }

  #functionsOf({ sql, type }) {
    if (type.kind === 'string') {
      return [
        ['long', `length(${sql})`],
        ['string', `upper(${sql})`],
        ['string', `left(${sql}, 2)`],
        ['string', `concat(${sql}, '|', ${sql})`],
      ];
    }
    if (type.kind === 'int')
      return [
        ['long', `CAST(${sql} AS BIGINT) + 1`],
        ['long', `CAST(${sql} AS BIGINT) % 10`],
      ];
    if (type.kind === 'long')
      return [
        ['long', `${sql} % 7`],
        ['double', `CAST(${sql} AS DOUBLE)`],
      ];
    if (type.kind === 'decimal') return [['double', `CAST(${sql} AS DOUBLE)`]];
    if (type.kind === 'float')
      return [
        ['double', `CAST(${sql} AS DOUBLE)`],
        ['boolean', `isnan(${sql})`],
      ];
    if (type.kind === 'double')
      return [
        ['boolean', `isnan(${sql})`],
        ['boolean', `isinf(${sql})`],
      ];
    if (type.kind === 'date')
      return [
        ['long', `year(${sql})`],
        ['long', `month(${sql})`],
        ['date', `CAST(date_trunc('month', ${sql}) AS DATE)`],
      ];
    if (moments.includes(type.kind)) {
      return [
        ['long', `year(${sql})`],
        ['long', `hour(${sql})`],
        ...(type.kind === 'timestamp' ? [['date', `CAST(${sql} AS DATE)`]] : []),
      ];
    }
    if (type.kind === 'binary' || type.kind === 'fixed')
      return [
        ['long', `octet_length(${sql})`],
        ['string', `hex(${sql})`],
      ];
    if (type.kind === 'list') return [['long', `len(${sql})`]];
    if (type.kind === 'map') return [['long', `cardinality(${sql})`]];
    if (type.kind === 'variant') return [['string', `variant_typeof(${sql})`]];
    return [];
  }

  #test(scope) {
    const { random } = this;
    if (random.chance(0.06)) return `${this.column(scope).sql} IS ${random.pick(['', 'NOT '])}NULL`;
    const leaf = this.leaf(scope, (type) => !incomparable(type));
    const { sql, type } = leaf;
    if (incomparable(type)) return `${sql} IS NOT NULL`;
    if (isNested(type)) return this.#nestedTest(leaf);
    const comparison = random.pick(['=', '=', '<>', '<', '<=', '>', '>=']);
    const literal = () => this.literal(type);
    const list = () => Array.from({ length: random.between(1, 4) }, literal);
    const choices = [
      [6, () => `${sql} ${comparison} ${this.#other(scope, type)}`],
      [1, () => `${literal()} ${comparison} ${sql}`],
      [2, () => `${sql} ${random.pick(['', 'NOT '])}IN (${list().join(', ')}${random.chance(0.15) ? ', NULL' : ''})`],
      [2, () => `${sql} ${random.pick(['', 'NOT '])}BETWEEN ${literal()} AND ${literal()}`],
      [2, () => `${sql} IS ${random.pick(['', 'NOT '])}NULL`],
      [1, () => `${sql} IS ${random.pick(['', 'NOT '])}DISTINCT FROM ${this.#other(scope, type)}`],
      [1, () => `coalesce(${sql}, ${literal()}) ${comparison} ${literal()}`],
      [1, () => equalOrBothNull(sql, this.#other(scope, type))],
      [0.5, () => `NOT (${equalOrBothNull(this.#other(scope, type), sql)})`],
    ];
    for (const [kind, made] of this.#functionsOf(leaf)) {
      const inner = { kind };
      choices.push([1, () => `${made} ${comparison} ${this.literal(inner)}`]);
    }
    for (const made of this.#castTests(sql, type, comparison)) choices.push([0.7, () => made]);
    for (const made of this.#ownTests(sql, type, comparison)) choices.push([1.5, () => made]);
    return random.weighted(choices)();
  }

  /** Comparisons of the column as another type, which may round, and may sort otherwise than the column itself. */
  #castTests(sql, type, comparison) {
    const { random } = this;
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
    if (kind === 'date')
      tests.push(as('TIMESTAMP', ['2024-02-29 00:00:00', '2024-02-28 23:59:59.999999', '1970-01-01']));
    if (kind === 'timestamp' || kind === 'timestamptz') {
      tests.push(as('DATE', ['1969-12-31', '1970-01-01', '2024-02-29']));
    }
    if (kind === 'timestamp')
      tests.push(as('TIMESTAMP_S', ['2024-02-29 12:30:00']), as('TIMESTAMPTZ', ['2024-02-29 12:30:00+02']));
    if (kind === 'boolean') tests.push(as('INTEGER', ['0', '1']));
    if (kind === 'uuid') tests.push(as('VARCHAR', ['7', '8', 'f79c3e09-677c-4bbd-a479-3f349cb785e7']));
    if (kind === 'string')
      tests.push(`TRY_CAST(${sql} AS INTEGER) ${comparison} 1`, `lower(${sql}) ${comparison} 'ab'`);
    return tests;
  }

  #ownTests(sql, type, comparison) {
    const { random } = this;
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
      ];
    }
    if (numeric.includes(kind)) {
      // A number that has no place in a narrow decimal is an error, for rows that it is compared with.
      const isNarrow = kind === 'decimal' && (type.precision - type.scale < 12 || type.scale > 10);
      const other = isNarrow
        ? random.pick(['0', '0.1::DOUBLE'])
        : random.pick([
            '0',
            '1',
            '-10',
            '1.5',
            '0.1::DOUBLE',
            '9.99',
            '10.50',
            '2147483648',
            '9007199254740993',
            "'1'",
          ]);
      return [`${sql} ${comparison} ${other}`, `${other} ${comparison} ${sql}`, `${sql} IN (${other}, 0)`];
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
      return [
        `${sql} ${comparison} '${day} 12:30:00+05:30'`,
        `${cut} ${comparison} TIMESTAMPTZ '${day} 12:30:00+05:30'`,
      ];
    }
    return [];
  }

  #nestedTest({ sql, type }) {
    const { random } = this;
    if (type.kind === 'list' && !isNested(type.element.type)) {
      return random.pick([
        `list_contains(${sql}, ${this.literal(type.element.type)})`,
        `len(${sql}) > ${random.below(3)}`,
        `${sql} IS NOT DISTINCT FROM [${this.literal(type.element.type)}]`,
      ]);
    }
    if (type.kind === 'map') return `cardinality(${sql}) ${random.pick(['=', '>', '<>'])} ${random.below(3)}`;
    return `${sql} IS ${random.pick(['', 'NOT '])}NULL`;
  }
}

const equalOrBothNull = (one, other) => `${one} = ${other} OR (${one} IS NULL AND ${other} IS NULL)`;
