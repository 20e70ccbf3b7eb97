/** The options of procedures that rewrite files: a map of texts, as Spark has them. */
import { SkuaError } from '../../../errors.js';

/** Which files are taken, and how large the new ones are. Sizes are in bytes. */
export interface SizeOptions {
  targetFileSize: number;
  minFileSize: number;
  maxFileSize: number;
  minInputFiles: number;
  rewriteAll: boolean;
  /** Of a group that is written at once. */
  maxGroupSize: number;
  maxGroupFiles: number;
  maxFiles: number;
}

export interface ProgressOptions {
  order: (typeof ORDERS)[number];
  /** Commits at most; 1 for all at once. */
  commits: number;
  /** Commits that may fail. */
  failures: number;
}

const ORDERS = ['none', 'bytes-asc', 'bytes-desc', 'files-asc', 'files-desc'] as const;
const HUNDRED_GB = 100 * 2 ** 30;

/** What was given, each read once; what nobody has read in the end is an option that there is not: INVALID_ARGUMENT. */
export class GivenOptions {
  readonly #statement: string;
  readonly #given: ReadonlyMap<string, string>;
  readonly #known = new Set<string>();

  constructor(statement: string, given: ReadonlyMap<string, string>) {
    this.#statement = statement;
    this.#given = given;
  }

  /** A whole number. */
  number(name: string, otherwise: number, least = 0): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (/^\s*[+-]?\d+\s*$/.test(text) && value >= least) return value;
    throw new SkuaError('INVALID_ARGUMENT', `The option ${name} is a number of at least ${least}, not '${text}'`);
  }

  /** Above 0. */
  fraction(name: string, otherwise: number, most = Number.POSITIVE_INFINITY): number {
    const text = this.#text(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value <= most) return value;
    const bounds = Number.isFinite(most) ? `above 0 and at most ${most}` : 'above 0';
    throw new SkuaError('INVALID_ARGUMENT', `The option ${name} is a number ${bounds}, not '${text}'`);
  }

  boolean(name: string, otherwise: boolean): boolean {
    const text = this.#text(name)?.toLowerCase();
    if (text === undefined) return otherwise;
    if (text === 'true' || text === 'false') return text === 'true';
    throw new SkuaError('INVALID_ARGUMENT', `The option ${name} is true or false, not '${text}'`);
  }

  oneOf<T extends string>(name: string, values: readonly T[], otherwise: T): T {
    const text = this.#text(name)?.toLowerCase();
    if (text === undefined) return otherwise;
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    throw new SkuaError('INVALID_ARGUMENT', `The option ${name} is one of ${values.join(', ')}, not '${text}'`);
  }

  refuseOthers(): void {
    const unknown = [...this.#given.keys()].filter((name) => !this.#known.has(name));
    if (unknown.length === 0) return;
    const known = [...this.#known].sort().join(', ');
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `${this.#statement} has no option ${unknown.join(', ')}; there are ${known}`,
    );
  }

  #text(name: string): string | undefined {
    this.#known.add(name);
    return this.#given.get(name);
  }
}

export function sizeOptions(options: GivenOptions, targetFileSize: number): SizeOptions {
  const target = options.number('target-file-size-bytes', targetFileSize, 1);
  const sizes = {
    targetFileSize: target,
    minFileSize: options.number('min-file-size-bytes', Math.floor(target * 0.75)),
    maxFileSize: options.number('max-file-size-bytes', Math.floor(target * 1.8)),
    minInputFiles: options.number('min-input-files', 5, 1),
    rewriteAll: options.boolean('rewrite-all', false),
    maxGroupSize: options.number('max-file-group-size-bytes', HUNDRED_GB, 1),
    maxGroupFiles: options.number('max-file-group-input-files', Number.POSITIVE_INFINITY, 1),
    maxFiles: Number.POSITIVE_INFINITY,
  };
  const { minFileSize, maxFileSize } = sizes;
  if (minFileSize < target && target < maxFileSize) return sizes;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `target-file-size-bytes (${target}) is not between min-file-size-bytes (${minFileSize}) and max-file-size-bytes (${maxFileSize})`,
  );
}

/** How many groups are written at a time changes nothing: they are written one after the other. */
export function progressOptions(options: GivenOptions): ProgressOptions {
  options.number('max-concurrent-file-group-rewrites', 5, 1);
  const isPartial = options.boolean('partial-progress.enabled', false);
  const commits = options.number('partial-progress.max-commits', 10, 1);
  const failures = options.number('partial-progress.max-failed-commits', commits);
  return {
    order: options.oneOf('rewrite-job-order', ORDERS, 'none'),
    commits: isPartial ? commits : 1,
    failures: isPartial ? failures : 0,
  };
}
