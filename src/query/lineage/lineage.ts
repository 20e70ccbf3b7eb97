/** What a value is made of: columns of tables, and how each of them takes part (OpenLineage, `columnLineage` facet 1-2-0). */

/** A table that columns are read from. */
export interface SourceTable {
  catalog: string;
  /** `schema.table` */
  dataset: string;
}

/** A column that is read. Compared by identity. */
export interface InputColumn {
  table: SourceTable;
  name: string;
  /** It is read through a mask of the catalog's. */
  isMasked: boolean;
}

/** Ways in which an input takes part, one bit each: the direct ones first, from the nearest to the farthest. */
export const IDENTITY = 1;
export const TRANSFORMATION = 2;
export const AGGREGATION = 4;
export const JOIN = 8;
export const GROUP_BY = 16;
export const FILTER = 32;
export const SORT = 64;
export const WINDOW = 128;
export const CONDITIONAL = 256;

const DIRECT = IDENTITY | TRANSFORMATION | AGGREGATION;

/** The lineage of some value can't be told. */
export class Untraceable extends Error {}

export function untraceable(reason: string): never {
  throw new Untraceable(reason);
}

export class Lineage {
  constructor(
    /** The ways of each input. */
    readonly inputs: ReadonlyMap<InputColumn, number>,
    /** Whether these are all of them. */
    readonly isKnown = true,
  ) {}

  /** A direct use: the value is computed from the inputs of this one. */
  transformed(): Lineage {
    return this.#each((ways) => (ways & IDENTITY ? (ways & ~IDENTITY) | TRANSFORMATION : ways));
  }

  aggregated(): Lineage {
    return this.#each((ways) => (ways & DIRECT ? (ways & ~DIRECT) | AGGREGATION : ways));
  }

  /** An indirect use: what this one is made of takes part in the given way. */
  as(way: number): Lineage {
    return this.#each((ways) => (ways & DIRECT ? (ways & ~DIRECT) | way : ways));
  }

  /** Without what merely stays as it was. */
  withoutIdentityOf(isSelf: (input: InputColumn) => boolean): Lineage {
    const inputs = [...this.inputs].flatMap(([input, ways]): [InputColumn, number][] => {
      const left = isSelf(input) ? ways & ~IDENTITY : ways;
      return left === 0 ? [] : [[input, left]];
    });
    return new Lineage(new Map(inputs), this.isKnown);
  }

  #each(change: (ways: number) => number): Lineage {
    if ([...this.inputs.values()].every((ways) => change(ways) === ways)) return this;
    return new Lineage(new Map([...this.inputs].map(([input, ways]) => [input, change(ways)])), this.isKnown);
  }
}

export const NOTHING = new Lineage(new Map());
export const UNKNOWN = new Lineage(new Map(), false);

export function of(input: InputColumn): Lineage {
  return new Lineage(new Map([[input, IDENTITY]]));
}

export function union(parts: Iterable<Lineage>): Lineage {
  const all = [...parts].filter((part) => part !== NOTHING);
  if (all.length <= 1) return all[0] ?? NOTHING;
  const inputs = new Map<InputColumn, number>();
  for (const part of all) {
    for (const [input, ways] of part.inputs) inputs.set(input, (inputs.get(input) ?? 0) | ways);
  }
  return new Lineage(
    inputs,
    all.every(({ isKnown }) => isKnown),
  );
}

export function isSame(one: Lineage, other: Lineage): boolean {
  if (one === other) return true;
  if (one.isKnown !== other.isKnown || one.inputs.size !== other.inputs.size) return false;
  return [...one.inputs].every(([input, ways]) => other.inputs.get(input) === ways);
}
