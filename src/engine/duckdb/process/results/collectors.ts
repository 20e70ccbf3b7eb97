/** A collector for each layout of a column. */
import type { FieldNode } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import type { BufferAllocator } from './buffer-allocator.js';
import { ColumnCollector } from './column-collector.js';
import { GrowingBits, GrowingBytes } from './growing.js';
import { Offsets } from './offsets.js';
import type { Layout } from './result-type.js';
import { SizedCollector } from './sized-collector.js';

class FixedCollector extends ColumnCollector {
  readonly #width: number;
  readonly #values: GrowingBytes;

  constructor(width: number, memory: BufferAllocator) {
    super(memory);
    this.#width = width;
    this.#values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.#values.length;
  }

  protected appendValues(length: number): void {
    this.#values.append(this.array.buffer(1), length * this.#width);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.#values.take());
  }
}

class BooleanCollector extends ColumnCollector {
  readonly #values: GrowingBits;

  constructor(memory: BufferAllocator) {
    super(memory);
    this.#values = new GrowingBits(memory);
  }

  protected get valueBytes(): number {
    return this.#values.byteLength;
  }

  protected appendValues(length: number): void {
    this.#values.appendBytes(this.scratch.load(this.array.buffer(1), length), length);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.#values.take());
  }
}

class VariableCollector extends ColumnCollector {
  protected override readonly buffers = 3;
  readonly #offsets: Offsets;
  readonly #values: GrowingBytes;

  constructor(memory: BufferAllocator) {
    super(memory);
    this.#offsets = new Offsets(memory);
    this.#values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.#offsets.byteLength + this.#values.length;
  }

  protected appendValues(length: number): void {
    const { first, last } = this.#offsets.append(this.array.buffer(1), length);
    if (last > first) this.#values.append(this.array.buffer(2) + first, last - first);
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.#offsets.take(), this.#values.take());
  }
}

class ListCollector extends ColumnCollector {
  protected override readonly childCount = 1;
  readonly #offsets: Offsets;
  readonly #child: ColumnCollector;

  constructor(child: Layout, memory: BufferAllocator) {
    super(memory);
    this.#offsets = new Offsets(memory);
    this.#child = collectorFor(child, memory);
  }

  protected get valueBytes(): number {
    return this.#offsets.byteLength + this.#child.bytes;
  }

  protected appendValues(length: number): void {
    const { first, last } = this.#offsets.append(this.array.buffer(1), length);
    if (first !== 0) throw new SkuaError('INTERNAL', 'the SQL engine exported a list that does not start at 0');
    this.#child.append(this.array.child(0), last);
  }

  protected takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.#offsets.take());
    this.#child.take(nodes, buffers);
  }
}

class StructCollector extends ColumnCollector {
  readonly #size: number;
  readonly #children: ColumnCollector[];
  protected override readonly buffers = 1;
  protected override readonly childCount: number;

  /** `size` is how many values of each child belong to one row. */
  constructor(children: readonly Layout[], memory: BufferAllocator, size = 1) {
    super(memory);
    this.#size = size;
    this.#children = children.map((child) => collectorFor(child, memory));
    this.childCount = children.length;
  }

  protected get valueBytes(): number {
    let total = 0;
    for (const child of this.#children) total += child.bytes;
    return total;
  }

  protected appendValues(length: number): void {
    for (let index = 0; index < this.#children.length; index++) {
      (this.#children[index] as ColumnCollector).append(this.array.child(index), length * this.#size);
    }
  }

  protected takeValues(nodes: FieldNode[], buffers: Uint8Array[]): void {
    for (const child of this.#children) child.take(nodes, buffers);
  }
}

export function collectorFor(layout: Layout, memory: BufferAllocator): ColumnCollector {
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
