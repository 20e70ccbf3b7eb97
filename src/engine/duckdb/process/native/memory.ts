import koffi from 'koffi';
import { duckdb, type Pointer } from './library.js';

/** Zeroed memory outside the JavaScript heap, which the collector never moves. */
export function allocate(bytes: number): Buffer {
  const memory = Buffer.allocUnsafeSlow(Math.max(bytes, 128));
  memory.fill(0);
  return memory;
}

/** Where the bytes of a buffer lie. Valid while the buffer is referenced. */
export function addressOf(memory: ArrayBufferView): Pointer {
  return Number(koffi.address(memory));
}

/** A place for a handle that a call gives back: `T *out` arguments. */
export class Slot {
  readonly memory: Buffer = allocate(8);

  static holding(pointer: Pointer): Slot {
    const slot = new Slot();
    slot.memory.writeBigUInt64LE(BigInt(pointer));
    return slot;
  }

  get pointer(): Pointer {
    return this.memory.readUInt32LE(0) + this.memory.readUInt32LE(4) * 0x1_0000_0000;
  }
}

/** Handles side by side: arguments that are arrays of them. */
export function pointerList(pointers: readonly Pointer[]): Buffer {
  const memory = Buffer.alloc(Math.max(pointers.length, 1) * 8 + 64);
  for (const [index, pointer] of pointers.entries()) memory.writeBigUInt64LE(BigInt(pointer), index * 8);
  return memory;
}

/** The text at a `char *` that stays the library's own. */
export function readText(pointer: Pointer): string {
  return pointer === 0 ? '' : koffi.decode.string(BigInt(pointer));
}

/** The text at a `char *` that the caller has to free. */
export function takeText(pointer: Pointer): string {
  if (pointer === 0) return '';
  const text = readText(pointer);
  duckdb().duckdb_free(pointer);
  return text;
}
