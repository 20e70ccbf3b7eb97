/** Writes Roaring bitmaps in the portable format; `readRoaring64` reads them. */

const cookieWithRuns = 12347;
const cookieWithoutRuns = 12346;
const arrayLimit = 4096;
const noOffsetThreshold = 4;
const bitmapBytes = 8192;

/** Positions that share all but their lowest 16 bits: `low` are those. */
interface Container {
  key: number;
  low: Uint16Array;
  runs: number;
}

/** A bitmap of ascending, distinct positions: see `readRoaring64` for the layout. */
export function writeRoaring64(positions: BigInt64Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let count = 0;
  // Low and high half of each, since a bigint for each position takes many times as long.
  const halves = new Uint32Array(positions.buffer, positions.byteOffset, positions.length * 2);
  for (let start = 0; start < positions.length; ) {
    const high = halves[start * 2 + 1] as number;
    let end = start + 1;
    while (end < positions.length && halves[end * 2 + 1] === high) end++;
    const low = new Uint32Array(end - start);
    for (let index = 0; index < low.length; index++) low[index] = halves[(start + index) * 2] as number;
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, high, true);
    parts.push(key, writeRoaring32(containersOf(low)));
    count++;
    start = end;
  }
  const header = new Uint8Array(8);
  new DataView(header.buffer).setBigUint64(0, BigInt(count), true);
  return Buffer.concat([header, ...parts]);
}

function containersOf(values: Uint32Array): Container[] {
  const containers: Container[] = [];
  for (let start = 0; start < values.length; ) {
    const key = (values[start] as number) >>> 16;
    let runs = 1;
    let end = start + 1;
    while (end < values.length && (values[end] as number) >>> 16 === key) {
      if (values[end] !== (values[end - 1] as number) + 1) runs++;
      end++;
    }
    // Keeps the lowest 16 bits of each.
    const low = new Uint16Array(values.subarray(start, end));
    containers.push({ key, low, runs });
    start = end;
  }
  return containers;
}

/** Cookie, keys and cardinalities, offsets, then each container in the form that takes the least space. */
function writeRoaring32(containers: readonly Container[]): Uint8Array {
  const bodies = containers.map((container) => (isRun(container) ? runBody(container) : plainBody(container.low)));
  const hasRuns = containers.some(isRun);
  const flagBytes = hasRuns ? (containers.length + 7) >> 3 : 0;
  const hasOffsets = !hasRuns || containers.length >= noOffsetThreshold;
  const headerBytes = (hasRuns ? 4 + flagBytes : 8) + containers.length * (hasOffsets ? 8 : 4);
  const header = Buffer.alloc(headerBytes);
  let position: number;
  if (hasRuns) {
    position = header.writeUInt32LE((cookieWithRuns | ((containers.length - 1) << 16)) >>> 0, 0);
    containers.forEach((container, index) => {
      if (isRun(container))
        header[position + (index >> 3)] = (header[position + (index >> 3)] as number) | (1 << (index & 7));
    });
    position += flagBytes;
  } else {
    position = header.writeUInt32LE(cookieWithoutRuns, 0);
    position = header.writeUInt32LE(containers.length, position);
  }
  for (const { key, low } of containers) {
    position = header.writeUInt16LE(key, position);
    position = header.writeUInt16LE(low.length - 1, position);
  }
  if (hasOffsets) {
    let offset = headerBytes;
    for (const body of bodies) {
      position = header.writeUInt32LE(offset, position);
      offset += body.length;
    }
  }
  return Buffer.concat([header, ...bodies]);
}

function isRun({ low, runs }: Container): boolean {
  return 2 + 4 * runs < Math.min(2 * low.length, bitmapBytes);
}

function runBody({ low, runs }: Container): Uint8Array {
  const body = Buffer.alloc(2 + 4 * runs);
  let position = body.writeUInt16LE(runs, 0);
  for (let start = 0; start < low.length; ) {
    let end = start + 1;
    while (end < low.length && low[end] === (low[end - 1] as number) + 1) end++;
    position = body.writeUInt16LE(low[start] as number, position);
    position = body.writeUInt16LE(end - start - 1, position);
    start = end;
  }
  return body;
}

/** An array of values or, where there are many, a bit for each. */
function plainBody(low: Uint16Array): Uint8Array {
  if (low.length > arrayLimit) {
    const bits = Buffer.alloc(bitmapBytes);
    for (const value of low) bits[value >> 3] = (bits[value >> 3] as number) | (1 << (value & 7));
    return bits;
  }
  return new Uint8Array(low.buffer, low.byteOffset, low.byteLength);
}
