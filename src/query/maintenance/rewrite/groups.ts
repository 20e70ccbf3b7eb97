/** Files that are rewritten together. */
import type { ProgressOptions, SizeOptions } from './options.js';

/** Of one partition, unless they are of an earlier spec: their rows may go to any. */
export interface Group<T> {
  partition: string;
  items: T[];
  /** Bytes of all items. */
  size: number;
}

export interface GroupedItem<T> {
  item: T;
  partition: string;
  /** Bytes. */
  size: number;
  /** The item is worth to be rewritten whatever its size. */
  isWorth: boolean;
}

/**
 * Items that are too small, too large or worth it, in groups that are worth it as a whole, as the reference implementation chooses them. Of the last
 * group as many are taken as there may be.
 */
export function groupsOf<T>(items: Iterable<GroupedItem<T>>, options: SizeOptions): Group<T>[] {
  const byPartition = new Map<string, GroupedItem<T>[]>();
  let left = options.maxFiles;
  for (const item of items) {
    const isChosen =
      options.rewriteAll || item.isWorth || item.size < options.minFileSize || item.size > options.maxFileSize;
    if (!isChosen) continue;
    const same = byPartition.get(item.partition);
    if (same) same.push(item);
    else byPartition.set(item.partition, [item]);
  }
  const groups: Group<T>[] = [];
  for (const [partition, chosen] of byPartition) {
    for (const bin of packed(chosen, options)) {
      if (left === 0 || !(options.rewriteAll || isWorthIt(bin, options))) continue;
      const taken = bin.slice(0, left);
      left -= taken.length;
      groups.push({ partition, items: taken.map(({ item }) => item), size: sizeOf(taken) });
    }
  }
  return groups;
}

/** In their order, a new bin where the last one is full. */
function packed<T>(items: readonly GroupedItem<T>[], { maxGroupSize, maxGroupFiles }: SizeOptions): GroupedItem<T>[][] {
  const bins: GroupedItem<T>[][] = [];
  let size = 0;
  for (const item of items) {
    const open = bins.at(-1);
    if (open && size + item.size <= maxGroupSize && open.length < maxGroupFiles) {
      open.push(item);
      size += item.size;
    } else {
      bins.push([item]);
      size = item.size;
    }
  }
  return bins;
}

function sizeOf<T>(items: readonly GroupedItem<T>[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}

function isWorthIt<T>(
  items: readonly GroupedItem<T>[],
  { minInputFiles, targetFileSize, maxFileSize }: SizeOptions,
): boolean {
  const size = sizeOf(items);
  const isEnough = items.length > 1 && (items.length >= minInputFiles || size > targetFileSize);
  return isEnough || size > maxFileSize || items.some(({ isWorth }) => isWorth);
}

export function inOrder<T>(groups: Group<T>[], order: ProgressOptions['order']): Group<T>[] {
  if (order === 'none') return groups;
  const measure = order.startsWith('bytes') ? (group: Group<T>) => group.size : (group: Group<T>) => group.items.length;
  const sign = order.endsWith('asc') ? 1 : -1;
  return groups.toSorted((one, other) => sign * (measure(one) - measure(other)));
}

/** Groups of different partitions in batches of about so many bytes and items, since many small ones take long one by one. */
export function inBatches<T>(groups: readonly Group<T>[], bytes: number, items: number): Group<T>[][] {
  const batches: Group<T>[][] = [];
  let [size, count] = [0, 0];
  for (const group of groups) {
    const open = batches.at(-1);
    const fits =
      open &&
      size + group.size <= bytes &&
      count + group.items.length <= items &&
      !open.some(({ partition }) => partition === group.partition);
    if (fits) open.push(group);
    else {
      batches.push([group]);
      [size, count] = [0, 0];
    }
    size += group.size;
    count += group.items.length;
  }
  return batches;
}

/**
 * The bytes that each of the new files has at most, so that the last one is no leftover: what is behind whole files of the target's size goes into
 * one more where it is large enough for a file, or too much for the others to take.
 */
export function outputSize(size: number, { targetFileSize, minFileSize, maxFileSize }: SizeOptions): number {
  if (size <= targetFileSize) return maxFileSize;
  const most = targetFileSize + (maxFileSize - targetFileSize) / 2;
  const whole = Math.floor(size / targetFileSize);
  const isTakenIn = size % targetFileSize <= minFileSize && size / whole < Math.min(1.1 * targetFileSize, most);
  const files = isTakenIn ? whole : Math.ceil(size / targetFileSize);
  return Math.min(maxFileSize, Math.max(targetFileSize, Math.ceil((size / files) * 1.05)));
}
