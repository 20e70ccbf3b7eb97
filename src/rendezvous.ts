/**
 * Which of several servers something belongs to: the one whose name weighs most together with it (highest random weight, Thaler and Ravishankar 1998). Where a
 * server leaves, only what was its own goes to others; where one comes, it takes its share of each.
 */
export class Rendezvous {
  readonly #names: readonly string[];
  readonly #seeds: Uint32Array;

  /** The names are told apart and not ordered: any order gives each of them the same. */
  constructor(names: readonly string[]) {
    this.#names = names;
    this.#seeds = Uint32Array.from(names, hash);
  }

  /** The index of the server that a key belongs to. */
  ownerOf(key: string): number {
    const hashed = hash(key);
    let owner = 0;
    let heaviest = -1;
    const seeds = this.#seeds;
    // A table may have millions of files: an iterator would take most of the time.
    for (let index = 0; index < seeds.length; index++) {
      const weight = mixed(hashed ^ (seeds[index] as number));
      const isHeavier = weight > heaviest || (weight === heaviest && this.#name(index) < this.#name(owner));
      if (!isHeavier) continue;
      heaviest = weight;
      owner = index;
    }
    return owner;
  }

  /** The names of those, at most `count`, that a key belongs to before all others. */
  ownersOf(key: string, count: number): string[] {
    const hashed = hash(key);
    return Array.from(this.#seeds)
      .map((seed, index) => ({ weight: mixed(hashed ^ seed), name: this.#name(index) }))
      .sort((left, right) => right.weight - left.weight || (left.name < right.name ? -1 : 1))
      .slice(0, count)
      .map(({ name }) => name);
  }

  #name(index: number): string {
    return this.#names[index] as string;
  }
}

/** 32 bits of a text: FNV-1a over its UTF-16 code units, mixed. */
function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hashed = Math.imul(hashed ^ text.charCodeAt(index), 0x01000193);
  }
  return mixed(hashed);
}

/** Lets every bit depend on every other one (the finalizer of MurmurHash3, 32 bits). */
function mixed(bits: number): number {
  let mixing = bits;
  mixing = Math.imul(mixing ^ (mixing >>> 16), 0x85ebca6b);
  mixing = Math.imul(mixing ^ (mixing >>> 13), 0xc2b2ae35);
  return (mixing ^ (mixing >>> 16)) >>> 0;
}
