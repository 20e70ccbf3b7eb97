/** Whether bytes from outside are a variant (Parquet format, "Variant Binary Encoding"), before they reach code that trusts them. */
import { isUtf8 } from 'node:buffer';

/** Bytes of primitive values after their header, by type; of binary and string those of the length. */
const primitiveSizes = [0, 0, 0, 1, 2, 4, 8, 8, 5, 9, 17, 4, 8, 8, 4, 4, 4, 8, 8, 8, 16];
const [decimal4, decimal16, binary, string, time] = [8, 10, 15, 16, 17];
const microsecondsOfDay = 86_400_000_000;
const decimalDigits = [9, 18, 38];
const deepest = 200;

/** What is wrong with the bytes; undefined for a variant. */
export function variantProblem(metadata: Uint8Array, value: Uint8Array): string | undefined {
  try {
    const reader = new VariantReader(keysOf(metadata), value);
    const end = reader.value(0, value.length, 0);
    return end === value.length ? undefined : 'there are bytes behind the value';
  } catch (error) {
    if (error instanceof MalformedVariant) return error.message;
    throw error;
  }
}

class MalformedVariant extends Error {}

function unsigned(bytes: Uint8Array, at: number, width: number): number {
  if (at + width > bytes.length) throw new MalformedVariant('it ends early');
  let value = 0;
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] as number);
  return value;
}

function keysOf(metadata: Uint8Array): Buffer[] {
  const header = unsigned(metadata, 0, 1);
  if ((header & 0xf) !== 1) throw new MalformedVariant(`its metadata is of version ${header & 0xf}`);
  const width = (header >> 6) + 1;
  const count = unsigned(metadata, 1, width);
  const first = 1 + width * (count + 2);
  if (first > metadata.length) throw new MalformedVariant('its metadata ends early');
  const keys: Buffer[] = [];
  const offsetAt = (index: number) => unsigned(metadata, 1 + width * (index + 1), width);
  for (let index = 0; index < count; index++) {
    const [start, end] = [first + offsetAt(index), first + offsetAt(index + 1)];
    if (end < start || end > metadata.length) throw new MalformedVariant('a key lies outside of its metadata');
    const key = Buffer.from(metadata.buffer, metadata.byteOffset + start, end - start);
    if (!isUtf8(key)) throw new MalformedVariant('a key is no UTF-8');
    keys.push(key);
  }
  if (offsetAt(0) !== 0) throw new MalformedVariant('its first key does not come first');
  return keys;
}

class VariantReader {
  readonly #keys: readonly Buffer[];
  readonly #bytes: Uint8Array;

  constructor(keys: readonly Buffer[], bytes: Uint8Array) {
    this.#keys = keys;
    this.#bytes = bytes;
  }

  /** Checks the value that starts at an offset and has to end before `limit`; where it ends. */
  value(at: number, limit: number, depth: number): number {
    if (depth > deepest) throw new MalformedVariant(`it is nested in more than ${deepest} levels`);
    const header = unsigned(this.#bytes, at, 1);
    const end = this.#end(header >> 2, header & 3, at + 1, limit, depth);
    if (end > limit) throw new MalformedVariant('a value ends behind what holds it');
    return end;
  }

  #end(header: number, basicType: number, at: number, limit: number, depth: number): number {
    if (basicType === 0) return this.#primitive(header, at, limit);
    if (basicType === 1) return this.#text(at, at + header, limit);
    return basicType === 2 ? this.#object(header, at, limit, depth) : this.#array(header, at, limit, depth);
  }

  #primitive(type: number, at: number, limit: number): number {
    const size = primitiveSizes[type];
    if (size === undefined) throw new MalformedVariant(`it has a value of the unknown type ${type}`);
    if (at + size > limit) throw new MalformedVariant('it ends early');
    if (type >= decimal4 && type <= decimal16) this.#decimal(type - decimal4, at);
    if (type === time && unsigned(this.#bytes, at, 8) >= microsecondsOfDay) {
      throw new MalformedVariant('it has a time that no day has');
    }
    if (type !== binary && type !== string) return at + size;
    const end = at + 4 + unsigned(this.#bytes, at, 4);
    if (end > limit) throw new MalformedVariant('it ends early');
    return type === string ? this.#text(at + 4, end, limit) : end;
  }

  #decimal(size: number, at: number): void {
    const digits = decimalDigits[size] as number;
    const scale = unsigned(this.#bytes, at, 1);
    let unscaled = 0n;
    const width = 4 << size;
    for (let index = width; index > 0; index--) unscaled = unscaled * 256n + BigInt(this.#bytes[at + index] as number);
    unscaled = BigInt.asIntN(width * 8, unscaled);
    const most = 10n ** BigInt(digits);
    if (scale > digits || unscaled >= most || unscaled <= -most) {
      throw new MalformedVariant(`it has a decimal of more than ${digits} digits where there can be no more`);
    }
  }

  #text(start: number, end: number, limit: number): number {
    if (end > limit) throw new MalformedVariant('it ends early');
    if (!isUtf8(this.#bytes.subarray(start, end))) throw new MalformedVariant('a text is no UTF-8');
    return end;
  }

  #object(header: number, at: number, limit: number, depth: number): number {
    const [offsetWidth, idWidth] = [(header & 3) + 1, ((header >> 2) & 3) + 1];
    const countWidth = (header >> 4) & 1 ? 4 : 1;
    const count = unsigned(this.#bytes, at, countWidth);
    const ids = at + countWidth;
    let before: Buffer | undefined;
    if (ids + count * idWidth > limit) throw new MalformedVariant('it ends early');
    for (let index = 0; index < count; index++) {
      const key = this.#keys[unsigned(this.#bytes, ids + index * idWidth, idWidth)];
      if (key === undefined) throw new MalformedVariant('its metadata lacks a key');
      if (before && Buffer.compare(before, key) >= 0)
        throw new MalformedVariant('the keys of an object are out of order');
      before = key;
    }
    return this.#children(ids + count * idWidth, { count, width: offsetWidth, limit, depth });
  }

  #array(header: number, at: number, limit: number, depth: number): number {
    const countWidth = (header >> 2) & 1 ? 4 : 1;
    const count = unsigned(this.#bytes, at, countWidth);
    return this.#children(at + countWidth, { count, width: (header & 3) + 1, limit, depth });
  }

  /** The values behind their offsets. Together they are no longer than the bytes that hold them, so that no bytes are several values. */
  #children(at: number, list: { count: number; width: number; limit: number; depth: number }): number {
    const { count, width, limit, depth } = list;
    const first = at + (count + 1) * width;
    if (first > limit) throw new MalformedVariant('it ends early');
    const end = first + unsigned(this.#bytes, at + count * width, width);
    if (end > limit) throw new MalformedVariant('it ends early');
    let left = end - first;
    for (let index = 0; index < count; index++) {
      const start = first + unsigned(this.#bytes, at + index * width, width);
      if (start >= end) throw new MalformedVariant('a value lies behind what holds it');
      left -= this.value(start, end, depth + 1) - start;
      if (left < 0) throw new MalformedVariant('values of an object or array lie in one another');
    }
    return end;
  }
}
