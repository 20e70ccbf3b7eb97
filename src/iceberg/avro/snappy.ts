/** Decompresses one raw Snappy block (Snappy format description). */
import { SkuaError } from '../../errors.js';

/** A block of more than `largest` bytes, or a corrupt one: DATA_LOSS. */
export function decompressSnappy(input: Uint8Array, largest: number): Uint8Array {
  let position = 0;
  const byte = (): number => {
    const value = input[position++];
    if (value === undefined) throw corrupt();
    return value;
  };
  const littleEndian = (width: number): number => {
    let value = 0;
    for (let index = 0; index < width; index++) value += byte() * 2 ** (8 * index);
    return value;
  };
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const next = byte();
    size += (next & 0x7f) * 2 ** shift;
    if (next < 0x80) break;
  }
  if (size > largest) throw corrupt();
  const output = new Uint8Array(size);
  let written = 0;
  while (position < input.length) {
    const tag = byte();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >> 2;
      const length = 1 + (short < 60 ? short : littleEndian(short - 59));
      if (position + length > input.length || written + length > size) throw corrupt();
      output.set(input.subarray(position, position + length), written);
      position += length;
      written += length;
      continue;
    }
    const length = kind === 1 ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2);
    const offset = kind === 1 ? ((tag >> 5) << 8) | byte() : littleEndian(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > written || written + length > size) throw corrupt();
    // A copy may overlap what it writes.
    for (let index = 0; index < length; index++, written++) output[written] = output[written - offset] as number;
  }
  if (written !== size) throw corrupt();
  return output;
}

function corrupt(): SkuaError {
  return new SkuaError('DATA_LOSS', 'A Snappy block of an Avro file is corrupt');
}
