/** What names mean in a query. */
import type { Type } from '../../iceberg/types.js';
import { isSame, type Lineage, UNKNOWN, union, untraceable } from './lineage.js';

/** What an expression gives. */
export interface Value {
  lineage: Lineage;
  /** Where it is known for sure. */
  type?: Type | undefined;
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
    return { lineage: UNKNOWN };
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
      return columns.map(({ name, lineage, type, shown }) => ({ name, ...(shown ?? { lineage, type }) }));
    }
    const named = relations.filter(({ alias }) => alias === table.toLowerCase());
    if (named.length === 1) {
      return (named[0] as Relation).columns.map(({ name, lineage, type }) => ({ name, lineage, type }));
    }
    if (named.length === 0 && this.#own([table.toLowerCase()])) return this.#fields(table);
    return untraceable('a star whose table is not known');
  }

  /** The fields of a struct. */
  #fields(name: string): Column[] {
    const { lineage, type } = this.column([name]);
    if (type?.kind !== 'struct') return untraceable('the star of a value whose fields are not known');
    return type.fields.map((field) => ({ name: field.name, lineage: lineage.transformed(), type: field.type }));
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
    return relation && { lineage: union(relation.columns.map(({ lineage }) => lineage)).transformed() };
  }

  get #hasUnnamed(): boolean {
    return this.tables.relations.some(({ columns }) => columns.some(({ name }) => name === undefined));
  }
}

function columnsNamed(columns: readonly Column[], folded: string): Column[] {
  return columns.filter(({ name }) => name?.toLowerCase() === folded);
}

function only(values: readonly Value[]): Value {
  return values.length === 1 ? (values[0] as Value) : { lineage: UNKNOWN };
}

/** A value, or what lies in it under names of fields. */
function partOf({ lineage, type }: Value, fields: readonly string[]): Value {
  if (fields.length === 0) return { lineage, type };
  let inner = type;
  for (const name of fields) {
    const outer = inner;
    inner =
      outer?.kind === 'struct' ? outer.fields.find((field) => field.name.toLowerCase() === name)?.type : undefined;
  }
  return { lineage: lineage.transformed(), type: inner };
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
