import type { ColumnarBatch, FieldNode } from '../../../arrow/index.js';
import { SkuaError } from '../../../errors.js';
import { copyMemory, type Pointer } from '../native/library.js';
import { addressOf, allocate } from '../native/memory.js';
import { type BufferAllocator, heap } from './buffer-allocator.js';
import { GrowingBits, GrowingBytes } from './growing.js';
import type { Layout } from './result-type.js';

/** Gathers the small arrays that DuckDB exports into record batches of their own memory. */
export class BatchCollector {
  private readonly columns: ColumnCollector[];
  private readonly root = new ArrayReader();
  rows = 0;

  constructor(layouts: readonly Layout[], memory: BufferAllocator = heap) {
    this.columns = layouts.map((layout) => collectorFor(layout, memory));
  }

  /** Bytes gathered so far. */
  get bytes(): number {
    let total = 0;
    for (const column of this.columns) total += column.bytes;
    return total;
  }

  /** Copies a struct `ArrowArray`. */
  append(array: Pointer): void {
    this.root.read(array, 1, this.columns.length);
    const length = this.root.length;
    this.rows += length;
    for (let index = 0; index < this.columns.length; index++) {
      (this.columns[index] as ColumnCollector).append(this.root.child(index), length);
    }
  }

  take(): ColumnarBatch {
    const nodes: FieldNode[] = [];
    const buffers: Uint8Array[] = [];
    for (const column of this.columns) column.take(nodes, buffers);
    const length = this.rows;
    this.rows = 0;
    return { length, nodes, buffers };
  }
}

/** Reads the fields of an `ArrowArray` (Arrow C data interface) through one reused piece of memory. */
class ArrayReader {
  private readonly memory = allocate(80);
  private readonly words = new Uint32Array(this.memory.buffer, this.memory.byteOffset, 20);
  private readonly address = addressOf(this.memory);
  private pointers = allocate(256);
  private pointersAddress = addressOf(this.pointers);
  length = 0;
  nullCount = 0;

  /** `buffers` and `children` are how many an array of the announced type has. */
  read(array: Pointer, buffers: number, children: number): void {
    copyMemory(this.address, array, 80);
    this.length = this.word(0);
    const nulls = this.word(1);
    this.nullCount = nulls > this.length ? -1 : nulls;
    if (this.word(2) !== 0) throw new SkuaError('INTERNAL', 'the SQL engine exported an array with an offset');
    if (this.word(3) !== buffers || this.word(4) !== children || this.word(7) !== 0) {
      throw new SkuaError('INTERNAL', 'the SQL engine exported an array of another type than announced');
    }
    if (children * 8 + 32 > this.pointers.length) {
      this.pointers = allocate(children * 8 + 32);
      this.pointersAddress = addressOf(this.pointers);
    }
    if (buffers > 0) copyMemory(this.pointersAddress, this.word(5), buffers * 8);
    if (children > 0) copyMemory(this.pointersAddress + 32, this.word(6), children * 8);
  }

  buffer(index: number): Pointer {
    return this.pointerAt(index * 8);
  }

  child(index: number): Pointer {
    return this.pointerAt(32 + index * 8);
  }

  private word(index: number): number {
    return (this.words[index * 2] as number) + (this.words[index * 2 + 1] as number) * 0x1_0000_0000;
  }

  private pointerAt(offset: number): Pointer {
    return this.pointers.readUInt32LE(offset) + this.pointers.readUInt32LE(offset + 4) * 0x1_0000_0000;
  }
}

/** A reused place for bytes that have to be looked at before they are kept. */
class Scratch {
  private memory = allocate(2048);
  private address = addressOf(this.memory);

  load(source: Pointer, bytes: number): Buffer {
    if (bytes > this.memory.length) {
      this.memory = allocate(bytes * 2);
      this.address = addressOf(this.memory);
    }
    if (bytes > 0) copyMemory(this.address, source, bytes);
    return this.memory;
  }
}

abstract class ColumnCollector {
  protected readonly array = new ArrayReader();
  protected readonly scratch = new Scratch();
  private readonly validity: GrowingBits;
  private nulls = 0;
  protected rows = 0;

  constructor(memory: BufferAllocator) {
    this.validity = new GrowingBits(memory);
  }

  get bytes(): number {
    return this.validity.byteLength + this.valueBytes;
  }

  /** `expected` is what the parent says; a shorter array means a broken export. */
  append(array: Pointer, expected: number): void {
    this.array.read(array, this.buffers, this.childCount);
    const length = this.array.length;
    if (length !== expected) throw new SkuaError('INTERNAL', 'the SQL engine exported arrays of different lengths');
    this.appendValidity(length);
    this.appendValues(length);
    this.rows += length;
  }

  take(nodes: FieldNode[], buffers: Uint8Array[]): void {
    nodes.push({ length: this.rows, nullCount: this.nulls });
    const validity = this.validity.take();
    buffers.push(this.nulls > 0 ? validity : validity.subarray(0, 0));
    this.takeValues(nodes, buffers);
    this.rows = 0;
    this.nulls = 0;
  }

  /** Of an array of this type. */
  protected readonly buffers: number = 2;
  protected readonly childCount: number = 0;

  protected abstract readonly valueBytes: number;
  protected abstract appendValues(length: number): void;
  protected abstract takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void;

  private appendValidity(length: number): void {
    const bitmap = this.array.buffer(0);
    let nulls = this.array.nullCount;
    if (nulls === 0 || bitmap === 0) {
      if (this.nulls > 0) this.validity.fill(true, length);
      return;
    }
    const bits = this.scratch.load(bitmap, (length + 7) >> 3);
    if (nulls < 0) nulls = countZeros(bits, length);
    if (nulls === 0) {
      if (this.nulls > 0) this.validity.fill(true, length);
      return;
    }
    if (this.nulls === 0) {
      this.validity.take();
      this.validity.fill(true, this.rows);
    }
    this.validity.appendBits(bits, length);
    this.nulls += nulls;
  }
}

class FixedCollector extends ColumnCollector {
  private readonly values: GrowingBytes;

  constructor(
    private readonly width: number,
    memory: BufferAllocator,
  ) {
    super(memory);
    this.values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.values.length;
  }

  protected appendValues(length: number): void {
    this.values.append(this.array.buffer(1), length * this.width);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.values.take());
  }
}

class BooleanCollector extends ColumnCollector {
  private readonly values: GrowingBits;

  constructor(memory: BufferAllocator) {
    super(memory);
    this.values = new GrowingBits(memory);
  }

  protected get valueBytes(): number {
    return this.values.byteLength;
  }

  protected appendValues(length: number): void {
    this.values.appendBytes(this.scratch.load(this.array.buffer(1), length), length);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.values.take());
  }
}

/** Offsets of lists and of variable-length values: each chunk counts from its own start. */
class Offsets {
  private readonly store: GrowingBytes;
  private end = 0;

  constructor(memory: BufferAllocator) {
    this.store = new GrowingBytes(memory);
  }

  get byteLength(): number {
    return this.store.length;
  }

  /** Appends the offsets of `length` values and gives the first and the last of them as the chunk has them. */
  append(source: Pointer, length: number): { first: number; last: number } {
    if (length === 0 || source === 0) return { first: 0, last: 0 };
    if (this.store.length === 0) this.start();
    // The first offset goes over the last one of the previous chunk, which it equals once it is rebased.
    const at = this.store.length - 4;
    this.store.length = at;
    this.store.append(source, (length + 1) * 4);
    const bytes = this.store.bytes;
    const offsets = new Int32Array(bytes.buffer, bytes.byteOffset + at, length + 1);
    const first = offsets[0] as number;
    const last = offsets[length] as number;
    const shift = this.end - first;
    if (this.end + last - first > 0x7fff_ffff) {
      throw new SkuaError('RESOURCE_EXHAUSTED', 'the values of one batch take more than 2 GiB');
    }
    if (shift !== 0) for (let index = 0; index <= length; index++) offsets[index] = (offsets[index] as number) + shift;
    this.end += last - first;
    return { first, last };
  }

  take(): Uint8Array {
    if (this.store.length === 0) this.start();
    this.end = 0;
    return this.store.take();
  }

  private start(): void {
    const at = this.store.extend(4);
    this.store.bytes.writeInt32LE(0, at);
  }
}

class VariableCollector extends ColumnCollector {
  protected override readonly buffers = 3;
  private readonly offsets: Offsets;
  private readonly values: GrowingBytes;

  constructor(memory: BufferAllocator) {
    super(memory);
    this.offsets = new Offsets(memory);
    this.values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.offsets.byteLength + this.values.length;
  }

  protected appendValues(length: number): void {
    const { first, last } = this.offsets.append(this.array.buffer(1), length);
    if (last > first) this.values.append(this.array.buffer(2) + first, last - first);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.offsets.take(), this.values.take());
  }
}

/** Values that DuckDB keeps at any length, and that have to be of one. */
class SizedCollector extends ColumnCollector {
  protected override readonly buffers = 3;
  private readonly values: GrowingBytes;
  private readonly offsets = new Scratch();

  constructor(
    private readonly width: number,
    memory: BufferAllocator,
  ) {
    super(memory);
    this.values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.values.length;
  }

  protected appendValues(length: number): void {
    if (length === 0) return;
    const memory = this.offsets.load(this.array.buffer(1), (length + 1) * 4);
    const offsets = new Int32Array(memory.buffer, memory.byteOffset, length + 1);
    const source = this.array.buffer(2);
    const first = offsets[0] as number;
    const total = (offsets[length] as number) - first;
    if (total === length * this.width && isEven(offsets, this.width)) {
      if (total > 0) this.values.append(source + first, total);
      return;
    }
    const bitmap = this.array.buffer(0);
    const validity = bitmap === 0 ? undefined : this.scratch.load(bitmap, (length + 7) >> 3);
    let copied = 0;
    for (let index = 0; index <= length; index++) {
      const start = offsets[index] as number;
      const bytes = index === length ? 0 : (offsets[index + 1] as number) - start;
      if (index < length && bytes === this.width) continue;
      // The values before it lie side by side.
      const run = index - copied;
      if (run > 0) this.values.append(source + (offsets[copied] as number), run * this.width);
      copied = index + 1;
      if (index === length) break;
      if (validity === undefined || bitSet(validity, index)) {
        throw new SkuaError('DATA_LOSS', `a value of a column of ${this.width} bytes has ${bytes} bytes`);
      }
      const at = this.values.extend(this.width);
      this.values.bytes.fill(0, at, at + this.width);
    }
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.values.take());
  }
}

function bitSet(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] as number) & (1 << (index & 7))) !== 0;
}

function isEven(offsets: Int32Array, width: number): boolean {
  for (let index = 1; index < offsets.length; index++) {
    if ((offsets[index] as number) - (offsets[index - 1] as number) !== width) return false;
  }
  return true;
}

class ListCollector extends ColumnCollector {
  protected override readonly childCount = 1;
  private readonly offsets: Offsets;
  private readonly child: ColumnCollector;

  constructor(child: Layout, memory: BufferAllocator) {
    super(memory);
    this.offsets = new Offsets(memory);
    this.child = collectorFor(child, memory);
  }

  protected get valueBytes(): number {
    return this.offsets.byteLength + this.child.bytes;
  }

  protected appendValues(length: number): void {
    const { first, last } = this.offsets.append(this.array.buffer(1), length);
    if (first !== 0) throw new SkuaError('INTERNAL', 'the SQL engine exported a list that does not start at 0');
    this.child.append(this.array.child(0), last);
  }

  protected takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.offsets.take());
    this.child.take(nodes, buffers);
  }
}

class StructCollector extends ColumnCollector {
  private readonly children: ColumnCollector[];
  protected override readonly buffers = 1;
  protected override readonly childCount: number;

  /** `size` is how many values of each child belong to one row. */
  constructor(
    children: readonly Layout[],
    memory: BufferAllocator,
    private readonly size = 1,
  ) {
    super(memory);
    this.children = children.map((child) => collectorFor(child, memory));
    this.childCount = children.length;
  }

  protected get valueBytes(): number {
    let total = 0;
    for (const child of this.children) total += child.bytes;
    return total;
  }

  protected appendValues(length: number): void {
    for (let index = 0; index < this.children.length; index++) {
      (this.children[index] as ColumnCollector).append(this.array.child(index), length * this.size);
    }
  }

  protected takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void {
    for (const child of this.children) child.take(nodes, buffers);
  }
}

function collectorFor(layout: Layout, memory: BufferAllocator): ColumnCollector {
  switch (layout.kind) {
    case 'fixed':
      return new FixedCollector(layout.width, memory);
    case 'boolean':
      return new BooleanCollector(memory);
    case 'variable':
      return new VariableCollector(memory);
    case 'sized':
      return new SizedCollector(layout.width, memory);
    case 'list':
      return new ListCollector(layout.child, memory);
    case 'fixedSizeList':
      return new StructCollector([layout.child], memory, layout.size);
    case 'struct':
      return new StructCollector(layout.children, memory);
  }
}

function countZeros(bits: Uint8Array, length: number): number {
  let zeros = 0;
  for (let index = 0; index < length; index++) if (((bits[index >> 3] ?? 0) & (1 << (index & 7))) === 0) zeros++;
  return zeros;
}
