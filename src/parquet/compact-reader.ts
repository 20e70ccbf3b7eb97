/** Thrift's types in the compact protocol. */
export const compactTypes = {
  true: 1,
  false: 2,
  byte: 3,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
};

/** Walks through bytes of Thrift's compact protocol and says where things are. Bytes that end early: an Error. */
export class CompactReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

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
    const byte = this.bytes[this.#at++];
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
