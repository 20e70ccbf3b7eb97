/** The arguments of a procedure: constants in SQL, with arrays and maps as Spark, Trino and DuckDB write them. */
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, runQuery } from '../reading/query.js';
import type { CallArgument } from '../syntax/call.js';
import { Cursor } from '../syntax/cursor.js';
import type { Parameter, ParameterType } from './parameter.js';

type Value = string | bigint | number | boolean | Map<string, string> | string[] | bigint[];

/** The values of the arguments that were given and are not NULL, by name. */
export class Arguments {
  readonly #values: ReadonlyMap<string, Value>;

  constructor(
    /** What the statement calls itself in messages. */
    readonly statement: string,
    /** The catalog whose procedure is called. */
    readonly catalog: string,
    values: ReadonlyMap<string, Value>,
  ) {
    this.#values = values;
  }

  string(name: string): string | undefined {
    return this.#values.get(name) as string | undefined;
  }

  long(name: string): bigint | undefined {
    return this.#values.get(name) as bigint | undefined;
  }

  int(name: string): number | undefined {
    return this.#values.get(name) as number | undefined;
  }

  /** An INT of at least 1. */
  count(name: string): number | undefined {
    const value = this.int(name);
    if (value === undefined || value >= 1) return value;
    throw new SkuaError('INVALID_ARGUMENT', `The argument ${name} is at least 1`);
  }

  boolean(name: string): boolean | undefined {
    return this.#values.get(name) as boolean | undefined;
  }

  /** Milliseconds since the epoch. */
  timestamp(name: string): number | undefined {
    return this.#values.get(name) as number | undefined;
  }

  map(name: string): ReadonlyMap<string, string> {
    return (this.#values.get(name) as Map<string, string> | undefined) ?? new Map();
  }

  strings(name: string): string[] | undefined {
    return this.#values.get(name) as string[] | undefined;
  }

  longs(name: string): bigint[] | undefined {
    return this.#values.get(name) as bigint[] | undefined;
  }

  /** The value of a required argument. */
  required<T>(read: (name: string) => T | undefined, name: string): T {
    const value = read.call(this, name);
    if (value === undefined) throw new SkuaError('INVALID_ARGUMENT', `${this.statement} needs the argument ${name}`);
    return value;
  }

  /** The same with other values besides. */
  with(values: Record<string, Value>): Arguments {
    return new Arguments(this.statement, this.catalog, new Map([...this.#values, ...Object.entries(values)]));
  }
}

/** Values of arguments as they were written. Unknown, missing and ill-typed ones: INVALID_ARGUMENT. */
export async function readArguments(
  context: StatementContext,
  called: { statement: string; catalog: string },
  parameters: readonly Parameter[],
  given: readonly CallArgument[],
): Promise<Arguments> {
  const { statement, catalog } = called;
  const known = parameters.map(({ name }) => name).join(', ');
  const places = given.map((argument, index) => {
    const parameter =
      argument.name === undefined ? parameters[index] : parameters.find(({ name }) => name === argument.name);
    if (parameter) return { parameter, written: takenApart(parameter.type, argument.sql) };
    const what = argument.name === undefined ? `${parameters.length} arguments` : `no argument ${argument.name}`;
    throw new SkuaError('INVALID_ARGUMENT', `${statement} takes ${what}; there are ${known}`);
  });
  const twice = places.find(({ parameter }, index) => places.findIndex((one) => one.parameter === parameter) !== index);
  if (twice)
    throw new SkuaError('INVALID_ARGUMENT', `${statement}: the argument ${twice.parameter.name} is given twice`);
  const texts = await constants(
    context,
    places.flatMap(({ parameter: { type }, written }) => written.map((sql) => ({ type, sql }))),
  );
  const values = new Map<string, Value>();
  let next = 0;
  for (const { parameter, written } of places) {
    const own = texts.slice(next, next + written.length);
    next += written.length;
    const isNull = own[0] === null && !['map', 'strings', 'longs'].includes(parameter.type);
    if (!isNull && !isNullText(written)) values.set(parameter.name, typedValue(parameter, own));
  }
  const missing = parameters.find(({ name, isRequired }) => isRequired && !values.has(name));
  if (missing)
    throw new SkuaError('INVALID_ARGUMENT', `${statement} needs the argument ${missing.name}; there are ${known}`);
  return new Arguments(statement, catalog, values);
}

function isNullText(written: readonly string[]): boolean {
  return written.length === 1 && written[0]?.toUpperCase() === 'NULL';
}

/** The expressions that an argument consists of: of a map, keys and values in turn. */
function takenApart(type: ParameterType, sql: string): string[] {
  if (/^null$/i.test(sql)) return [sql];
  if (type === 'map') return mapItems(new Cursor(sql));
  if (type === 'strings' || type === 'longs') return arrayItems(new Cursor(sql));
  return [sql];
}

/** `map('k', 'v', …)`, `map(array('k', …), array('v', …))`, `MAP {'k': 'v', …}`, `{'k': 'v', …}`. */
function mapItems(cursor: Cursor): string[] {
  cursor.accept('MAP');
  if (cursor.acceptSymbol('{')) {
    const items: string[] = [];
    if (cursor.acceptSymbol('}')) return items;
    do {
      items.push(cursor.until(({ text, kind }) => kind === 'symbol' && (text === ':' || text === '=')));
      if (!cursor.acceptSymbol(':')) cursor.expectSymbol('=');
      items.push(itemText(cursor));
    } while (cursor.acceptSymbol(','));
    cursor.expectSymbol('}');
    cursor.expectEnd();
    return items;
  }
  const items = enclosed(cursor, '(', ')');
  cursor.expectEnd();
  if (items.length === 2 && items.every((item) => /^(?:array\b|\[)/i.test(item))) {
    const [keys, values] = items.map((item) => arrayItems(new Cursor(item))) as [string[], string[]];
    return keys.flatMap((key, index) => [key, values[index] ?? 'NULL']);
  }
  if (items.length % 2 !== 0) throw new SkuaError('INVALID_ARGUMENT', 'A map takes as many values as keys');
  return items;
}

/** `array(1, …)`, `ARRAY[1, …]`, `[1, …]`. */
function arrayItems(cursor: Cursor): string[] {
  const hasWord = cursor.accept('ARRAY');
  const items = hasWord && cursor.peek()?.text === '(' ? enclosed(cursor, '(', ')') : enclosed(cursor, '[', ']');
  cursor.expectEnd();
  return items;
}

function enclosed(cursor: Cursor, open: string, close: string): string[] {
  cursor.expectSymbol(open);
  const items: string[] = [];
  if (cursor.acceptSymbol(close)) return items;
  do items.push(itemText(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(close);
  return items;
}

function itemText(cursor: Cursor): string {
  return cursor.until(({ text, kind }) => kind === 'symbol' && text === ',');
}

/** What the engine computes, as text. A name in double quotes is a string, as in Spark. */
async function constants(
  context: StatementContext,
  expressions: readonly { type: ParameterType; sql: string }[],
): Promise<(string | null)[]> {
  if (expressions.length === 0) return [];
  const columns = expressions.map(({ type, sql }) => {
    const [token, ...more] = [...new Cursor(sql).tokens];
    const value = token?.kind === 'quoted' && more.length === 0 ? quoteString(token.text) : `(${sql}\n)`;
    return type === 'timestamp'
      ? `CAST(epoch_ms(CAST(${value} AS TIMESTAMPTZ)) AS VARCHAR)`
      : `CAST(${value} AS VARCHAR)`;
  });
  const bound = await bindQuery(context, `SELECT ${columns.join(', ')}`);
  if (bound.parameterCount > 0) throw new SkuaError('INVALID_ARGUMENT', 'The arguments of a procedure are constants');
  const { schema, batches } = await runQuery(context, bound);
  let row: unknown[] | undefined;
  for await (const batch of batches) row ??= batchToRows(schema, batch)[0];
  return (row ?? []) as (string | null)[];
}

function typedValue({ name, type }: Parameter, texts: readonly (string | null)[]): Value {
  const wrong = (what: string, text: string | null) =>
    new SkuaError('INVALID_ARGUMENT', `The argument ${name} is ${what}, not ${text === null ? 'NULL' : `'${text}'`}`);
  const integer = (text: string | null): bigint => {
    if (text === null || !/^[+-]?\d{1,19}$/.test(text.trim())) throw wrong('a whole number', text);
    return BigInt(text);
  };
  const [text] = texts as [string];
  switch (type) {
    case 'string':
      return text;
    case 'long':
      return integer(text);
    case 'int':
    case 'timestamp': {
      const value = Number(integer(text));
      if (!Number.isSafeInteger(value)) throw wrong('a whole number', text);
      return value;
    }
    case 'boolean':
      if (!/^(?:true|false)$/i.test(text)) throw wrong('true or false', text);
      return text.toLowerCase() === 'true';
    case 'strings':
      return texts.map((item) => {
        if (item === null) throw wrong('an array of strings', null);
        return item;
      });
    case 'longs':
      return texts.map(integer);
    case 'map': {
      const map = new Map<string, string>();
      for (let index = 0; index < texts.length; index += 2) {
        const [key, value] = [texts[index], texts[index + 1]];
        if (typeof key !== 'string' || typeof value !== 'string') throw wrong('a map of strings', null);
        map.set(key, value);
      }
      return map;
    }
  }
}
