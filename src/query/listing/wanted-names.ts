/** Which names a listing is for. Whatever a filter does not rule out is wanted: the statement itself still decides about each row. */
import type { Namespace } from '../../catalog/contract.js';
import type { Filter } from '../../expressions/index.js';
import { likeMatcher, namespaceOf, schemaName } from '../tables/names.js';

export interface WantedNames {
  catalog(catalog: string): boolean;
  schema(catalog: string, schema: string): boolean;
  table(catalog: string, schema: string, table: string): boolean;
  /** Whether namespaces below this one can be wanted, so that it is worth asking for them. */
  below(namespace: Namespace): boolean;
}

/** The columns of an `information_schema` table that hold names, by what they name. */
export interface NameColumns {
  catalog: readonly string[];
  schema: readonly string[];
  table: readonly string[];
}

/** SQL LIKE patterns; an absent one matches all. */
/** SQL LIKE patterns, but for the catalog, which is a name. */
interface Patterns {
  catalog?: string | undefined;
  schema?: string | undefined;
  table?: string | undefined;
}

export function wantedByPatterns(patterns: Patterns): WantedNames {
  const schema = likeMatcher(patterns.schema);
  const table = likeMatcher(patterns.table);
  const catalog = (name: string) => patterns.catalog === undefined || name === patterns.catalog;
  const start = patterns.schema === undefined ? { prefix: '' } : startOfPattern(patterns.schema);
  return {
    catalog,
    schema: (ofCatalog, name) => catalog(ofCatalog) && schema(name),
    table: (ofCatalog, ofSchema, name) => catalog(ofCatalog) && schema(ofSchema) && table(name),
    below: (namespace) => reaches(namespace, start),
  };
}

/** What a filter on the rows of a listing leaves of its names. */
export function wantedByFilter(filter: Filter | undefined, columns: NameColumns): WantedNames {
  const isWanted = (catalog: string, schema?: string, table?: string) =>
    filter === undefined || judge(filter, columnsHold(columns, { catalog, schema, table })) !== false;
  const starts = filter === undefined ? [{ prefix: '' }] : startsIn(filter, columns.schema);
  return {
    catalog: (catalog) => isWanted(catalog),
    schema: (catalog, schema) => isWanted(catalog, schema),
    table: (catalog, schema, table) => isWanted(catalog, schema, table),
    below: (namespace) => starts.some((start) => reaches(namespace, start)),
  };
}

/** How a wanted schema name begins, or the whole of it. */
interface NameStart {
  prefix: string;
  whole?: boolean;
}

function reaches(namespace: Namespace, { prefix, whole }: NameStart): boolean {
  if (whole) {
    const wanted = namespaceOf(prefix);
    return wanted.length > namespace.length && namespace.every((level, index) => level === wanted[index]);
  }
  const deeper = `${schemaName(namespace)}.`;
  return deeper.startsWith(prefix) || prefix.startsWith(deeper);
}

function startOfPattern(pattern: string): NameStart {
  const start = /^(?:[^%_\\]|\\[\s\S])*/.exec(pattern)?.[0] ?? '';
  return { prefix: start.replace(/\\([\s\S])/g, '$1'), whole: start.length === pattern.length };
}

/** How the values begin that a filter leaves to a column; the empty beginning where it says nothing of it. */
function startsIn(filter: Filter, columns: readonly string[]): NameStart[] {
  switch (filter.op) {
    case 'and':
      return filter.operands.map((operand) => startsIn(operand, columns)).reduce(fewer, [{ prefix: '' }]);
    case 'or':
      return filter.operands.flatMap((operand) => startsIn(operand, columns));
    case 'eq':
      return columns.includes(filter.column) ? [{ prefix: filter.value.text, whole: true }] : [{ prefix: '' }];
    case 'in':
      return columns.includes(filter.column)
        ? filter.values.map(({ text }) => ({ prefix: text, whole: true }))
        : [{ prefix: '' }];
    case 'startsWith':
      return [{ prefix: columns.includes(filter.column) ? filter.prefix : '' }];
    default:
      return [{ prefix: '' }];
  }
}

/** Of two sets that both hold all wanted values, the one that tells more. */
function fewer(one: NameStart[], other: NameStart[]): NameStart[] {
  const isOpen = (starts: NameStart[]) => starts.some(({ prefix, whole }) => prefix === '' && !whole);
  if (isOpen(one)) return other;
  return isOpen(other) || one.every(({ whole }) => whole) ? one : other;
}

type Values = ReadonlyMap<string, string>;

function columnsHold(
  columns: NameColumns,
  names: { catalog: string; schema?: string | undefined; table?: string | undefined },
): Values {
  const values = new Map<string, string>();
  for (const kind of ['catalog', 'schema', 'table'] as const) {
    const name = names[kind];
    if (name !== undefined) for (const column of columns[kind]) values.set(column, name);
  }
  return values;
}

/** What the filter says of a row with these values; undefined where that depends on values that are not known yet. */
function judge(filter: Filter, values: Values): boolean | undefined {
  switch (filter.op) {
    case 'and':
    case 'or': {
      const decisive = filter.op === 'or';
      const verdicts = filter.operands.map((operand) => judge(operand, values));
      if (verdicts.includes(decisive)) return decisive;
      return verdicts.includes(undefined) ? undefined : !decisive;
    }
    case 'not': {
      const verdict = judge(filter.operand, values);
      return verdict === undefined ? undefined : !verdict;
    }
    default: {
      const value = values.get(filter.column);
      return value === undefined ? undefined : holds(filter, value);
    }
  }
}

function holds(filter: Exclude<Filter, { op: 'and' | 'or' | 'not' }>, value: string): boolean {
  switch (filter.op) {
    case 'eq':
      return value === filter.value.text;
    case 'ne':
      return value !== filter.value.text;
    case 'in':
      return filter.values.some(({ text }) => text === value);
    case 'startsWith':
      return value.startsWith(filter.prefix);
    case 'isNull':
      return false;
    case 'notNull':
      return true;
    case 'lt':
      return order(value, filter.value.text) < 0;
    case 'le':
      return order(value, filter.value.text) <= 0;
    case 'gt':
      return order(value, filter.value.text) > 0;
    case 'ge':
      return order(value, filter.value.text) >= 0;
  }
}

/** The engine's: that of the bytes in UTF-8. */
function order(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
