import { SkuaError } from '../../../../errors.js';
import { engineError, type SourceText } from './errors.js';
import { duckdb, inBackground, type Pointer } from './library.js';
import { refuseVariantsAsLists } from './list-functions.js';
import { registerTextMasks } from './mask-functions.js';
import { allocate, Slot, takeText } from './memory.js';
import { registerZonedNanoseconds } from './named-types.js';

/** An in-memory DuckDB that knows `timestamptz_ns` and the masks of texts, and takes no VARIANT for a list. */
export class Database {
  readonly #slot: Slot;

  private constructor(slot: Slot) {
    this.#slot = slot;
  }

  static async open(configuration: Record<string, string>): Promise<Database> {
    const library = duckdb();
    const config = new Slot();
    library.duckdb_create_config(config.memory);
    try {
      for (const [name, value] of Object.entries(configuration)) {
        if (library.duckdb_set_config(config.pointer, name, value) !== 0) {
          throw new SkuaError('INTERNAL', `the SQL engine refuses the setting ${name}`);
        }
      }
      const slot = new Slot();
      const error = new Slot();
      const state = await inBackground('duckdb_open_ext', ':memory:', slot.memory, config.pointer, error.memory);
      if (state !== 0) throw engineError(takeText(error.pointer));
      const database = new Database(slot);
      const connection = database.connect();
      registerZonedNanoseconds(connection.pointer);
      refuseVariantsAsLists(connection.pointer);
      registerTextMasks(connection.pointer);
      await connection.close();
      return database;
    } finally {
      library.duckdb_destroy_config(config.memory);
    }
  }

  connect(): Connection {
    const slot = new Slot();
    if (duckdb().duckdb_connect(this.#slot.pointer, slot.memory) !== 0) {
      throw new SkuaError('INTERNAL', 'the SQL engine refuses a connection');
    }
    return new Connection(slot);
  }

  async close(): Promise<void> {
    if (this.#slot.pointer !== 0) await inBackground('duckdb_close', this.#slot.memory);
  }
}

/** One connection: one statement at a time. */
export class Connection {
  readonly #slot: Slot;

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  get pointer(): Pointer {
    return this.#slot.pointer;
  }

  /** Runs one of Skua's own statements or several, split by semicolons, whose rows do not matter. */
  async execute(sql: string): Promise<void> {
    refuseNul(sql);
    const result = allocate(RESULT_BYTES);
    try {
      const state = await inBackground('duckdb_query', this.pointer, sql, result);
      if (state !== 0) throw engineError(duckdb().duckdb_result_error(result), { sql, prefixBytes: 0 });
    } finally {
      duckdb().duckdb_destroy_result(result);
    }
  }

  /** Runs one statement, with text bound to its parameters, and gives every value as text. Meant for small results of plain types. */
  async rows(sql: string, parameters: string[] = [], source?: SourceText): Promise<(string | null)[][]> {
    const statement = await this.prepare(sql, source);
    try {
      for (const [index, text] of parameters.entries()) statement.bindText(index + 1, text);
      return await statement.rows(source);
    } finally {
      statement.close();
    }
  }

  /** The rows of one statement without parameters, which is planned once: one over files that is prepared first would be planned twice. */
  async rowsAtOnce(sql: string, source: SourceText = { sql, prefixBytes: 0 }): Promise<(string | null)[][]> {
    refuseNul(sql);
    await this.#refuseSeveral(sql, source);
    return valuesOf((result) => inBackground('duckdb_query', this.pointer, sql, result), source);
  }

  async #refuseSeveral(sql: string, source: SourceText): Promise<void> {
    const library = duckdb();
    const extracted = new Slot();
    try {
      const count = await inBackground('duckdb_extract_statements', this.pointer, sql, extracted.memory);
      if (count === 0) throw engineError(library.duckdb_extract_statements_error(extracted.pointer), source);
      if (count > 1) throw new SkuaError('INVALID_ARGUMENT', `the text holds ${count} statements`);
    } finally {
      library.duckdb_destroy_extracted(extracted.memory);
    }
  }

  /** Parses, binds and plans one statement. */
  async prepare(sql: string, source: SourceText = { sql, prefixBytes: 0 }): Promise<Statement> {
    refuseNul(sql);
    const slot = new Slot();
    const state = await inBackground('duckdb_prepare', this.pointer, sql, slot.memory);
    if (state !== 0) {
      const message = duckdb().duckdb_prepare_error(slot.pointer);
      duckdb().duckdb_destroy_prepare(slot.memory);
      throw engineError(message, source);
    }
    return new Statement(slot);
  }

  interrupt(): void {
    if (this.pointer !== 0) duckdb().duckdb_interrupt(this.pointer);
  }

  async close(): Promise<void> {
    if (this.pointer !== 0) await inBackground('duckdb_disconnect', this.#slot.memory);
  }
}

export class Statement {
  readonly #slot: Slot;

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  get pointer(): Pointer {
    return this.#slot.pointer;
  }

  /** Binds a text to a parameter, which are counted from 1. */
  bindText(parameter: number, text: string): void {
    const bytes = Buffer.from(text);
    duckdb().duckdb_bind_varchar_length(this.pointer, parameter, atLeastOne(bytes), bytes.length);
  }

  /** Runs the statement and gives every value as text. */
  async rows(source?: SourceText): Promise<(string | null)[][]> {
    return valuesOf((result) => inBackground('duckdb_execute_prepared', this.pointer, result), source);
  }

  close(): void {
    if (this.pointer !== 0) duckdb().duckdb_destroy_prepare(this.#slot.memory);
  }
}

/** Every value of a small result as text. */
async function valuesOf(run: (result: Buffer) => Promise<number>, source?: SourceText): Promise<(string | null)[][]> {
  const library = duckdb();
  const result = allocate(RESULT_BYTES);
  try {
    const state = await run(result);
    if (state !== 0) throw engineError(library.duckdb_result_error(result), source);
    const columns = library.duckdb_column_count(result);
    const rows: (string | null)[][] = [];
    for (let row = 0, count = library.duckdb_row_count(result); row < count; row++) {
      const values: (string | null)[] = [];
      for (let column = 0; column < columns; column++) {
        const value = library.duckdb_value_varchar(result, column, row);
        values.push(value === 0 ? null : takeText(value));
      }
      rows.push(values);
    }
    return rows;
  } finally {
    library.duckdb_destroy_result(result);
  }
}

/** Of a `duckdb_result`. */
const RESULT_BYTES = 48;

function refuseNul(sql: string): void {
  if (sql.includes('\0')) throw new SkuaError('INVALID_ARGUMENT', 'the statement holds a NUL character');
}

function atLeastOne(bytes: Buffer): Buffer {
  return bytes.length > 0 ? bytes : Buffer.alloc(1);
}
