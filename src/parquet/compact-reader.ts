/** Thrift's types in the compact protocol. */
export const compactTypes = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
};

/** A struct by the numbers of its fields. Integers are numbers, binaries a view of the bytes. */
export type Thrift = { readonly [field: `field_${number}`]: unknown };

/** Walks through bytes of Thrift's compact protocol and says where things are. Bytes that end early: an Error. */
export class CompactReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** How many bytes are read. */
  get at(): number {
    return this.#at;
  }

  /** The fields of a struct. `visit` reads or skips each value; `offset` is of the byte that holds the type, and of a boolean the value too. */
  fields(visit: (id: number, type: number, offset: number) => void): void {
    let id = 0;
    for (;;) {
      const offset = this.#at;
      const header = this.#byte();
      const type = header & 0xf;
      if (type === 0) return;
      id = header >> 4 === 0 ? this.integer() : id + (header >> 4);
      visit(id, type, offset);
    }
  }

  /** Calls `visit` for each element, which reads it. */
  list(visit: (type: number) => void): void {
    const header = this.#byte();
    const count = header >> 4 === 15 ? this.#unsigned() : header >> 4;
    for (let index = 0; index < count; index++) visit(header & 0xf);
  }

  /** All that is in a struct. A field of a type that `parquet.thrift` does not use: an Error. */
  struct(): Thrift {
    const value: Record<`field_${number}`, unknown> = {};
    this.fields((id, type) => {
      value[`field_${id}`] = this.#value(type);
    });
    return value;
  }

  integer(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  skip(type: number): void {
    switch (type) {
      case compactTypes.true:
      case compactTypes.false:
        return;
      case compactTypes.byte:
        this.#at += 1;
        return;
      case compactTypes.double:
        this.#at += 8;
        return;
      case compactTypes.binary: {
        const length = this.#unsigned();
        this.#at += length;
        return;
      }
      case compactTypes.list:
      case compactTypes.set:
        this.list((element) => this.#skipElement(element));
        return;
      case compactTypes.map:
        this.#skipMap();
        return;
      case compactTypes.struct:
        this.fields((_, field) => this.skip(field));
        return;
      default:
        this.#unsigned();
    }
  }

  #value(type: number): unknown {
    switch (type) {
      case compactTypes.true:
        return true;
      case compactTypes.false:
        return false;
      case compactTypes.byte:
        return (this.#byte() << 24) >> 24;
      case compactTypes.i16:
      case compactTypes.i32:
      case compactTypes.i64:
        return this.integer();
      case compactTypes.double:
        return Buffer.from(this.#take(8)).readDoubleLE();
      case compactTypes.binary:
        return this.#take(this.#unsigned());
      case compactTypes.list: {
        const elements: unknown[] = [];
        this.list((element) => {
          const isBoolean = element === compactTypes.true || element === compactTypes.false;
          elements.push(isBoolean ? this.#byte() === 1 : this.#value(element));
        });
        return elements;
      }
      case compactTypes.struct:
        return this.struct();
      default:
        throw new Error(`the metadata has a field of the unknown type ${type}`);
    }
  }

  #take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error('the metadata ends early');
    this.#at += length;
    return bytes;
  }

  #skipMap(): void {
    const count = this.#unsigned();
    const types = count === 0 ? 0 : this.#byte();
    for (let index = 0; index < count; index++) {
      this.#skipElement(types >> 4);
      this.#skipElement(types & 0xf);
    }
  }

  /** Outside of structs a boolean is a byte of its own. */
  #skipElement(type: number): void {
    if (type === compactTypes.true || type === compactTypes.false) this.#at += 1;
    else this.skip(type);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error('the metadata ends early');
    return byte;
  }

  #unsigned(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }
}
