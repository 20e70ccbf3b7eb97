/** Writes Avro object container files. */
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { AVRO_MAGIC, SYNC_LENGTH } from './container.js';
import { type AvroSchema, complexOf } from './schema.js';

/** Uncompressed bytes of a block. */
const blockSize = 64 * 1024;

/**
 * One file with the records, in deflated blocks. Record values are objects by Avro field name; maps with int keys are `Map`s; a null or
 * undefined value takes the null branch of its union.
 */
export function writeContainer(
  schema: AvroSchema,
  metadata: ReadonlyMap<string, string>,
  records: Iterable<unknown>,
): Uint8Array {
  const sync = randomBytes(SYNC_LENGTH);
  const output = new AvroOutput();
  output.raw(AVRO_MAGIC);
  const header = new Map([...metadata, ['avro.schema', JSON.stringify(schema)], ['avro.codec', 'deflate']]);
  output.long(header.size);
  for (const [key, value] of header) {
    output.string(key);
    output.string(value);
  }
  output.long(0);
  output.raw(sync);
  let block = new AvroOutput();
  let count = 0;
  const flush = () => {
    if (count === 0) return;
    const compressed = deflateRawSync(block.bytes());
    output.long(count);
    output.data(compressed);
    output.raw(sync);
    block = new AvroOutput();
    count = 0;
  };
  for (const record of records) {
    writeValue(block, schema, record);
    count++;
    if (block.length >= blockSize) flush();
  }
  flush();
  return output.bytes();
}

class AvroOutput {
  #bytes = Buffer.allocUnsafe(4096);
  length = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  long(value: number | bigint): void {
    this.#reserve(10);
    const wide = BigInt(value);
    let rest = BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n));
    while (rest >= 0x80n) {
      this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.length++] = Number(rest);
  }

  float(value: number): void {
    this.#reserve(4);
    this.length = this.#bytes.writeFloatLE(value, this.length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.length = this.#bytes.writeDoubleLE(value, this.length);
  }

  data(bytes: Uint8Array): void {
    this.long(bytes.length);
    this.raw(bytes);
  }

  string(text: string): void {
    this.data(Buffer.from(text, 'utf8'));
  }

  #reserve(extra: number): void {
    if (this.length + extra <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + extra));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

function writeValue(output: AvroOutput, schema: AvroSchema, value: unknown): void {
  if (Array.isArray(schema)) {
    const branch = schema.findIndex((option) => (complexOf(option).type === 'null') === (value == null));
    output.long(branch);
    writeValue(output, schema[branch] as AvroSchema, value);
    return;
  }
  const complex = complexOf(schema);
  switch (complex.type) {
    case 'null':
      return;
    case 'boolean':
      output.raw(Uint8Array.of(value ? 1 : 0));
      return;
    case 'int':
    case 'long':
      output.long(value as number | bigint);
      return;
    case 'float':
      output.float(value as number);
      return;
    case 'double':
      output.double(value as number);
      return;
    case 'string':
      output.string(value as string);
      return;
    case 'bytes':
      output.data(value as Uint8Array);
      return;
    case 'fixed':
      output.raw(value as Uint8Array);
      return;
    case 'record':
      for (const field of complex.fields ?? []) {
        writeValue(output, field.type, (value as Record<string, unknown>)[field.name]);
      }
      return;
    case 'array':
      writeArray(output, complex.items ?? 'null', value as readonly unknown[] | ReadonlyMap<number, unknown>);
      return;
    default:
      throw new TypeError(`No Avro value of type ${JSON.stringify(complex.type)} can be written`);
  }
}

function writeArray(
  output: AvroOutput,
  items: AvroSchema,
  value: readonly unknown[] | ReadonlyMap<number, unknown>,
): void {
  const list = value instanceof Map ? [...value].map(([key, entry]) => ({ key, value: entry })) : (value as unknown[]);
  if (list.length > 0) {
    output.long(list.length);
    for (const item of list) writeValue(output, items, item);
  }
  output.long(0);
}
