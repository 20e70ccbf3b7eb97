import type { FieldNode } from '../../../../arrow/index.js';
import { SkuaError } from '../../../../errors.js';
import { Scratch } from './array-reader.js';
import type { BufferAllocator } from './buffer-allocator.js';
import { ColumnCollector } from './column-collector.js';
import { GrowingBytes } from './growing.js';

/** Values that DuckDB keeps at any length, and that have to be of one. */
export class SizedCollector extends ColumnCollector {
  readonly #width: number;
  protected override readonly buffers = 3;
  readonly #values: GrowingBytes;
  readonly #offsets = new Scratch();

  constructor(width: number, memory: BufferAllocator) {
    super(memory);
    this.#width = width;
    this.#values = new GrowingBytes(memory);
  }

  protected get valueBytes(): number {
    return this.#values.length;
  }

  protected appendValues(length: number): void {
    if (length === 0) return;
    const memory = this.#offsets.load(this.array.buffer(1), (length + 1) * 4);
    const offsets = new Int32Array(memory.buffer, memory.byteOffset, length + 1);
    const source = this.array.buffer(2);
    const first = offsets[0] as number;
    const total = (offsets[length] as number) - first;
    if (total === length * this.#width && isEven(offsets, this.#width)) {
      if (total > 0) this.#values.append(source + first, total);
      return;
    }
    const bitmap = this.array.buffer(0);
    const validity = bitmap === 0 ? undefined : this.scratch.load(bitmap, (length + 7) >> 3);
    let copied = 0;
    for (let index = 0; index <= length; index++) {
      const start = offsets[index] as number;
      const bytes = index === length ? 0 : (offsets[index + 1] as number) - start;
      if (index < length && bytes === this.#width) continue;
      // The values before it lie side by side.
      const run = index - copied;
      if (run > 0) this.#values.append(source + (offsets[copied] as number), run * this.#width);
      copied = index + 1;
      if (index === length) break;
      if (validity === undefined || bitSet(validity, index)) {
        throw new SkuaError('DATA_LOSS', `a value of a column of ${this.#width} bytes has ${bytes} bytes`);
      }
      const at = this.#values.extend(this.#width);
      this.#values.bytes.fill(0, at, at + this.#width);
    }
  }

  protected takeValues(_nodes: FieldNode[], buffers: Uint8Array[]): void {
    buffers.push(this.#values.take());
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
