/** LZ4 frames, unpacked (LZ4 Frame Format 1.6, LZ4 Block Format). Without native code, since answers are read in browsers too. */
import { SkuaError } from '../errors.js';

const MAGIC = 0x184d2204;
/** Bits of the frame's flags. */
const [HAS_BLOCK_CHECKSUMS, HAS_CONTENT_SIZE, HAS_DICTIONARY] = [0x10, 0x08, 0x01];
/** Of a block's size: the block is stored as it is. */
const IS_STORED = 0x80000000;

/** The `length` bytes of the frames. Other than so many, or none that are well formed: INVALID_ARGUMENT. */
export function unpackLz4(bytes: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let written = 0;
  for (let place = 0; place < bytes.byteLength; ) {
    if (place + 7 > bytes.byteLength || view.getUint32(place, true) !== MAGIC) throw malformed();
    const flags = view.getUint8(place + 4);
    if ((flags & HAS_DICTIONARY) !== 0) throw malformed();
    place += 7 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8);
    for (;;) {
      if (place + 4 > bytes.byteLength) throw malformed();
      const size = view.getUint32(place, true);
      place += 4;
      if (size === 0) break;
      const end = place + (size & 0x7fffffff);
      if (end > bytes.byteLength) throw malformed();
      const block = bytes.subarray(place, end);
      written = size >= IS_STORED ? store(block, output, written) : unpackBlock(block, output, written);
      place = end + ((flags & HAS_BLOCK_CHECKSUMS) === 0 ? 0 : 4);
    }
    if ((flags & 0x04) !== 0) place += 4;
  }
  if (written !== length) throw malformed();
  return output;
}

function store(block: Uint8Array, output: Uint8Array, start: number): number {
  if (start + block.byteLength > output.byteLength) throw malformed();
  output.set(block, start);
  return start + block.byteLength;
}

/** Matches may begin in blocks before. Where the output then ends. */
function unpackBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let read = 0;
  let written = start;
  const more = (length: number): number => {
    if (length !== 15) return length;
    let total = length;
    for (;;) {
      const byte = block[read++];
      if (byte === undefined) throw malformed();
      total += byte;
      if (byte !== 255) return total;
    }
  };
  while (read < block.byteLength) {
    const token = block[read++] as number;
    const literals = more(token >> 4);
    if (read + literals > block.byteLength || written + literals > output.byteLength) throw malformed();
    output.set(block.subarray(read, read + literals), written);
    read += literals;
    written += literals;
    // The last sequence is literals alone.
    if (read === block.byteLength) return written;
    if (read + 2 > block.byteLength) throw malformed();
    const offset = (block[read] as number) | ((block[read + 1] as number) << 8);
    read += 2;
    const length = more(token & 15) + 4;
    const from = written - offset;
    if (offset === 0 || from < 0 || written + length > output.byteLength) throw malformed();
    if (offset >= length) output.copyWithin(written, from, from + length);
    else for (let index = 0; index < length; index++) output[written + index] = output[from + index] as number;
    written += length;
  }
  throw malformed();
}

function malformed(): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', 'a compressed buffer of the record batch is malformed');
}
