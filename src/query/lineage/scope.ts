/** What names mean in a query. */
import type { Type } from '../../iceberg/types.js';
import { isSame, type Lineage, NOTHING, UNKNOWN, union, untraceable } from './lineage.js';

/** What an expression gives. */
export interface Value {
  lineage: Lineage;
  /** Where it is known for sure. */
  type?: Type | undefined;
  /** Of a struct that is made of single values: these, by name in lower case. */
  fields?: ReadonlyMap<string, Value> | undefined;
}

export interface Column extends Value {
  /** As it is shown; undefined where the engine makes one up. */
  name: string | undefined;
  /** A USING clause made it one with a column before it, which stands for both. */
  isMerged?: boolean;
  /** What a star shows in its place, where it stands for several. */
  shown?: Value;
}

/** A table of a FROM clause. */
export interface Relation {
  /** In lower case; undefined where no name can mean it. */
  alias: string | undefined;
  columns: readonly Column[];
}

/** What a FROM clause, or one side of a join, brings into scope. */
export interface Tables {
  relations: readonly Relation[];
  /** Columns that USING clauses have made one, by name in lower case. */
  merged: ReadonlyMap<string, Value>;
}

/** Functions that are called by their names alone, where there is no such column. */
const CALLS = new Set(
  `current_catalog current_database current_date current_role current_schema current_time current_timestamp current_user
  localtime localtimestamp session_user user`.split(/\s+/),
);

export const NO_TABLES: Tables = { relations: [], merged: new Map() };

/** Names of a SELECT, then those of the queries around it. */
export class Scope {
  /** The SELECT list, where its names can be used. */
  aliases: ((name: string) => Value | undefined) | undefined;
  /** Parameters of the lambda whose body it is, by name in lower case. */
  parameters: ReadonlyMap<string, Value> | undefined;

  constructor(
    readonly tables: Tables,
    readonly outer?: Scope | undefined,
  ) {}

  /** The value that a name stands for; of unknown lineage where that can't be told. */
  column(path: readonly string[]): Value {
    const folded = path.map((name) => name.toLowerCase());
    for (let scope: Scope | undefined = this; scope; scope = scope.outer) {
      const found = scope.#own(folded) ?? scope.#named(folded);
      if (found) return found;
      if (scope.#hasUnnamed) return { lineage: UNKNOWN };
    }
    const isCall = folded.length === 1 && CALLS.has(folded[0] as string);
    return { lineage: isCall ? NOTHING : UNKNOWN };
  }

  /** The same where the engine may prefer a name of the SELECT list to one of the tables: unknown where the two differ. */
  columnOrAlias(path: readonly string[]): Value {
    const folded = path.map((name) => name.toLowerCase());
    const [own, named] = [this.#own(folded), this.#named(folded)];
    if (own && named && !isSame(own.lineage, named.lineage)) return { lineage: UNKNOWN };
    return own ?? named ?? this.column(path);
  }

  /** The columns that a star stands for, in order. */
  star(table: string): Column[] {
    const { relations } = this.tables;
    if (table === '') {
      const columns = relations.flatMap((relation) => relation.columns.filter(({ isMerged }) => !isMerged));
      return columns.map((column) => ({ name: column.name, ...plain(column.shown ?? column) }));
    }
    const named = relations.filter(({ alias }) => alias === table.toLowerCase());
    if (named.length === 1) {
      return (named[0] as Relation).columns.map((column) => ({ name: column.name, ...plain(column) }));
    }
    if (named.length === 0 && this.#own([table.toLowerCase()])) return this.#fields(table);
    return untraceable('a star whose table is not known');
  }

  /** The fields of a struct. */
  #fields(name: string): Column[] {
    const value = this.column([name]);
    const { type } = value;
    if (type?.kind !== 'struct') return untraceable('the star of a value whose fields are not known');
    return type.fields.map((field) => ({ name: field.name, ...partOf(value, [field.name.toLowerCase()]) }));
  }

  #named([name, ...fields]: readonly string[]): Value | undefined {
    const value = this.aliases?.(name as string);
    return value && partOf(value, fields);
  }

  #own(path: readonly string[]): Value | undefined {
    const [first, second, ...rest] = path as [string, ...string[]];
    const parameter = this.parameters?.get(first);
    if (parameter) return partOf(parameter, path.slice(1));
    if (second !== undefined) {
      const relations = this.tables.relations.filter(({ alias }) => alias === first);
      const found = relations.flatMap(({ columns }) => columnsNamed(columns, second));
      if (found.length > 0) return partOf(only(found), rest);
    }
    const merged = this.tables.merged.get(first);
    if (merged) return partOf(merged, path.slice(1));
    const found = this.tables.relations.flatMap(({ columns }) => columnsNamed(columns, first));
    if (found.length > 0) return partOf(only(found), path.slice(1));
    return second === undefined ? this.#row(first) : undefined;
  }

  /** A whole row of a table, as a struct. */
  #row(name: string): Value | undefined {
    const relation = this.tables.relations.find(({ alias }) => alias === name);
    return relation && structOf(relation.columns);
  }

  get #hasUnnamed(): boolean {
    return this.tables.relations.some(({ columns }) => columns.some(({ name }) => name === undefined));
  }
}

/** A struct of values with names. */
export function structOf(columns: readonly Column[]): Value {
  const fields = columns.flatMap(({ name, ...value }) =>
    name === undefined ? [] : [[name.toLowerCase(), value] as const],
  );
  return { lineage: union(columns.map(({ lineage }) => lineage)).transformed(), fields: new Map(fields) };
}

function columnsNamed(columns: readonly Column[], folded: string): Column[] {
  return columns.filter(({ name }) => name?.toLowerCase() === folded);
}

function only(values: readonly Value[]): Value {
  return values.length === 1 ? (values[0] as Value) : { lineage: UNKNOWN };
}

/** What lies in a value under names of fields, which are in lower case; the value itself where there are none. */
export function partOf(value: Value, [name, ...more]: readonly string[]): Value {
  if (name === undefined) return plain(value);
  const { lineage, type, fields } = value;
  const field = type?.kind === 'struct' ? type.fields.find((one) => one.name.toLowerCase() === name) : undefined;
  return partOf(fields?.get(name) ?? { lineage: lineage.transformed(), type: field?.type }, more);
}

function plain({ lineage, type, fields }: Value): Value {
  return { lineage, type, fields };
}

/** Columns of a derived table, which get names that differ. */
export function withNames(columns: readonly Column[], given: readonly string[] = []): Column[] {
  const taken = new Set<string>();
  return columns.map((column, index) => {
    const written = given[index] ?? column.name;
    if (written === undefined) return column;
    let name = written;
    for (let count = 1; taken.has(name.toLowerCase()); count++) name = `${written}_${count}`;
    taken.add(name.toLowerCase());
    return { ...column, name };
  });
}
