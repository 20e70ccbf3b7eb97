/** What names mean in a query. Tables and columns get names of their own in the translated text, so that no name there can mean two things. */
import { refuse } from './refusal.js';
import type { SqlType } from './types.js';

/** A piece of Spark SQL with the type that its values have. */
export interface Typed {
  sql: string;
  type: SqlType;
  /** A whole number as it was written: it takes the type of what it meets. */
  integer?: bigint;
  /** A text as it was written, which may stand for a date or a time. */
  text?: string;
}

export interface Column {
  /** Lower case; the engine does not tell upper from lower case. */
  name: string;
  value: Typed;
  /** A star does not mean it: a USING clause has made it one with another. */
  isMerged?: boolean;
}

/** A table of a FROM clause. */
export interface Relation {
  /** Lower case; undefined where no name can mean it. */
  alias: string | undefined;
  columns: Column[];
}

/** Names of a SELECT, then those of the queries around it. */
export class Scope {
  readonly relations: Relation[] = [];
  /** Columns that a USING clause has made one, by name. */
  readonly merged = new Map<string, Typed>();
  /** The SELECT list, where its names can be used. */
  aliases: ((name: string) => Typed | undefined) | undefined;

  constructor(readonly outer?: Scope) {}

  /** The value that a name stands for. Unknown, or one that could mean several: refused. */
  column(path: readonly string[]): Typed {
    const found = this.#find(path.map((name) => name.toLowerCase()));
    return found ?? refuse(`the name ${path.join('.')} is not translated`);
  }

  #find(path: readonly string[]): Typed | undefined {
    const own = this.#own(path);
    if (own) return own;
    const alias = path.length === 1 ? this.aliases?.(path[0] as string) : undefined;
    const around = this.#around(path);
    if (alias && around) refuse(`the name ${path.join('.')} could mean several columns`);
    return alias ?? around;
  }

  #around(path: readonly string[]): Typed | undefined {
    for (let { outer } = this as Scope; outer; outer = outer.outer) {
      const found = outer.#own(path);
      if (found) return found;
    }
    return undefined;
  }

  /** Whether a name is that of a column of the FROM clause. */
  hasOwn(name: string): boolean {
    return this.#own([name.toLowerCase()]) !== undefined;
  }

  /** From the tables of the FROM clause. */
  #own(path: readonly string[]): Typed | undefined {
    if (path.length > 2) return undefined;
    const [first, second] = path as [string, string?];
    const name = second ?? first;
    if (second === undefined && this.merged.has(name)) return this.merged.get(name);
    const tables = second === undefined ? this.relations : this.relations.filter(({ alias }) => alias === first);
    const found = tables.flatMap(({ columns }) => columns.filter((column) => column.name === name));
    if (found.length > 1) refuse(`the name ${path.join('.')} could mean several columns`);
    return found[0]?.value;
  }
}

/** Names for the tables of a translated text. */
export class Names {
  #count = 0;

  next(): string {
    return `t${++this.#count}`;
  }
}

/** How a name is written in Spark SQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The name of a column of a translated query, by its place. */
export function columnName(index: number): string {
  return `c${index}`;
}
