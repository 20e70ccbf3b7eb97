/** Zstandard (RFC 8878) within bounds of memory. */
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { SkuaError } from '../../errors.js';

/** Node has it from 22.15 on. */
const native = (
  zlib as { zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array }
).zstdDecompressSync;

/** The content of all frames. Corrupt, or longer than `largest` bytes: DATA_LOSS. */
export function decompressZstd(bytes: Uint8Array, largest: number): Uint8Array {
  try {
    return native ? native(bytes, { maxOutputLength: largest }) : decompressFrames(bytes, largest);
  } catch (error) {
    throw new SkuaError('DATA_LOSS', 'A block of an Avro file is corrupt or too large', { cause: error });
  }
}

/** The same without Node's own. */
export function decompressFrames(bytes: Uint8Array, largest: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const frame of frames(bytes, largest)) {
    new Decompress((part) => {
      length += part.length;
      if (length > largest) throw new RangeError(`more than ${largest} bytes`);
      parts.push(part.slice());
    }).push(frame, true);
  }
  return Buffer.concat(parts, length);
}

/** Each frame by itself, its window, which a decoder allocates before it sees any data, no larger than all of the content may be. */
function* frames(bytes: Uint8Array, largest: number): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (start < bytes.length) {
    const magic = view.getUint32(start, true);
    if (magic >>> 4 === 0x184d2a5) {
      start += 8 + view.getUint32(start + 4, true);
      continue;
    }
    if (magic !== 0xfd2fb528) throw new RangeError('no frame');
    const end = endOfFrame(view, start, largest);
    yield bytes.subarray(start, end);
    start = end;
  }
}

function endOfFrame(view: DataView, start: number, largest: number): number {
  const descriptor = view.getUint8(start + 4);
  const hasWindow = (descriptor & 0x20) === 0;
  const sizeLength = [hasWindow ? 0 : 1, 2, 4, 8][descriptor >> 6] as number;
  let position = start + 5;
  if (hasWindow) {
    const window = view.getUint8(position++);
    const base = 2 ** (10 + (window >> 3));
    if (base + (base / 8) * (window & 7) > largest) throw new RangeError('the window is too large');
  }
  position += [0, 1, 2, 4][descriptor & 3] as number;
  if (contentSize(view, position, sizeLength) > largest) throw new RangeError('the content is too large');
  position += sizeLength;
  for (let isLast = false; !isLast; ) {
    const header = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
    isLast = (header & 1) === 1;
    // A block of the second kind repeats one byte.
    position += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
  }
  return position + (descriptor & 4);
}

function contentSize(view: DataView, position: number, length: number): number {
  switch (length) {
    case 1:
      return view.getUint8(position);
    case 2:
      return view.getUint16(position, true) + 256;
    case 4:
      return view.getUint32(position, true);
    case 8:
      return Number(view.getBigUint64(position, true));
    default:
      return 0;
  }
}
