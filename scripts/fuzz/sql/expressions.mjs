/**
 * Random SQL expressions over a scope of columns `{ sql, type }`. Values that may be bound to parameters are put between marks, which
 * `render.mjs` replaces. None of them fails for any value, so that an error is always a finding.
 */
import { functionsOf } from './functions.mjs';
import { bindable, unbound } from './render.mjs';
import { castTests, ownTests } from './tests.mjs';
import { asText, holds, identifier, isNested, poolOf, typeSql } from './types.mjs';

/** Kinds whose values are compared with one another, whichever they are. */
const comparable = [
  ['int', 'long', 'float', 'double'],
  ['date', 'timestamp'],
];
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
    for (const [kind, made] of functionsOf(leaf)) choices.push([2, () => ({ sql: made, type: { kind } })]);
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

  #test(scope) {
    const { random } = this;
    if (random.chance(0.06)) return `${this.column(scope).sql} IS ${random.pick(['', 'NOT '])}NULL`;
    if (random.chance(0.05)) return this.#rowTest(scope);
    const leaf = this.leaf(scope, (type) => !incomparable(type));
    const { sql, type } = leaf;
    if (incomparable(type)) return `${sql} IS NOT NULL`;
    const others = comparable.find((kinds) => kinds.includes(type.kind));
    if (others && random.chance(0.08)) {
      const other = this.leaf(scope, ({ kind }) => others.includes(kind));
      if (others.includes(other.type.kind)) return `${sql} ${random.pick(['=', '<', '>=', '<>'])} ${other.sql}`;
    }
    if (isNested(type)) return this.#nestedTest(leaf);
    const comparison = random.pick(['=', '=', '<>', '<', '<=', '>', '>=']);
    const literal = () => this.literal(type);
    const list = () =>
      Array.from(
        {
          length: random.weighted([
            [9, random.between(1, 4)],
            [1, 12],
          ]),
        },
        literal,
      );
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
    for (const [kind, made] of functionsOf(leaf)) {
      const inner = { kind };
      choices.push([1, () => `${made} ${comparison} ${this.literal(inner)}`]);
    }
    for (const made of castTests(random, leaf, comparison)) choices.push([0.7, () => made]);
    for (const made of ownTests(random, leaf, comparison)) choices.push([1.5, () => made]);
    return random.weighted(choices)();
  }

  /** Two columns at once. */
  #rowTest(scope) {
    const { random } = this;
    const parts = [1, 2].map(() => this.leaf(scope, (type) => !incomparable(type) && !isNested(type)));
    if (parts.some(({ type }) => incomparable(type) || isNested(type))) return `${scope[0].sql} IS NOT NULL`;
    const row = () => `(${parts.map(({ type }) => this.literal(type)).join(', ')})`;
    const tested = `(${parts.map(({ sql }) => sql).join(', ')})`;
    return random.pick([
      `${tested} ${random.pick(['=', '<>', '<', '>='])} ${row()}`,
      `${tested} ${random.pick(['', 'NOT '])}IN (${row()}, ${row()})`,
      `${tested} IS ${random.pick(['', 'NOT '])}DISTINCT FROM ${row()}`,
    ]);
  }

  #nestedTest({ sql, type }) {
    const { random } = this;
    if (type.kind === 'list' && !isNested(type.element.type)) {
      const item = () => this.literal(type.element.type);
      const comparison = random.pick(['=', '<>', '<', '>=']);
      return random.pick([
        `list_contains(${sql}, ${item()})`,
        `len(${sql}) > ${random.below(3)}`,
        `${sql} IS NOT DISTINCT FROM [${item()}]`,
        `${sql} ${comparison} [${item()}, ${item()}]`,
        `list_has_any(${sql}, [${item()}, ${item()}])`,
        `len(list_filter(${sql}, lambda v: v ${comparison} ${unbound(item())})) > 0`,
        `${item()} = ANY(${sql})`,
        `${sql}[1:2] = [${item()}]`,
      ]);
    }
    if (type.kind === 'map') {
      const key = this.literal(type.entryKey.type);
      return random.pick([
        `cardinality(${sql}) ${random.pick(['=', '>', '<>'])} ${random.below(3)}`,
        `map_contains(${sql}, ${key})`,
        `list_contains(map_keys(${sql}), ${key})`,
      ]);
    }
    const isPlain = type.kind === 'struct' && type.fields.every((child) => !isNested(child.type));
    if (isPlain && random.chance(0.5)) {
      const fields = type.fields.map(({ name, type: inner }) => `'${name}': ${this.literal(inner)}`);
      return `${sql} ${random.pick(['=', '<>', '<', 'IS NOT DISTINCT FROM'])} {${fields.join(', ')}}`;
    }
    return `${sql} IS ${random.pick(['', 'NOT '])}NULL`;
  }
}

const equalOrBothNull = (one, other) => `${one} = ${other} OR (${one} IS NULL AND ${other} IS NULL)`;
