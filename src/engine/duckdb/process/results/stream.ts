import { Schema } from 'apache-arrow';
import koffi from 'koffi';
import type { ColumnarBatch } from '../../../../arrow/index.js';
import { batchBytes, splitBatch } from '../../../../arrow/index.js';
import { SkuaError, toSkuaError } from '../../../../errors.js';
import type { Connection, Statement } from '../native/database.js';
import { engineError, type SourceText, throwErrorData } from '../native/errors.js';
import { duckdb, inBackground, type Pointer, type ResultWords } from '../native/library.js';
import { addressOf, allocate, readText, Slot } from '../native/memory.js';
import { BatchCollector } from './batch-collector.js';
import { heap, type ResultMemory } from './buffer-allocator.js';
import { checkExport } from './exported.js';
import { fieldOf, type ResultType, takeResultType } from './result-type.js';

/** The `release` callback of the Arrow C data interface. */
const releaseCallback = koffi.proto('void SkuaReleaseArrowArray(void *array)');
const releaseOffset = 64;

export interface ResultColumn {
  name: string;
  type: ResultType;
}

/** Columns of a result. Reading their types and writing their schema holds the event loop. */
const MOST_COLUMNS = 10_000;

/** The columns of a prepared statement. Too many: RESOURCE_EXHAUSTED. */
export function columnsOf(statement: Statement): ResultColumn[] {
  const library = duckdb();
  const columns: ResultColumn[] = [];
  const count = library.duckdb_prepared_statement_column_count(statement.pointer);
  if (count > MOST_COLUMNS) {
    throw new SkuaError('RESOURCE_EXHAUSTED', `the result has ${count} columns; at most ${MOST_COLUMNS} are possible`);
  }
  for (let index = 0; index < count; index++) {
    const name = library.duckdb_prepared_statement_column_name(statement.pointer, index);
    columns.push({
      name: readText(name),
      type: takeResultType(library.duckdb_prepared_statement_column_logical_type(statement.pointer, index)),
    });
    if (name !== 0) library.duckdb_free(name);
  }
  return columns;
}

export function schemaOf(columns: readonly ResultColumn[]): Schema {
  return new Schema(columns.map(({ name, type }) => fieldOf(name, type)));
}

/** How often a query is run for the error that another one hid. */
const MOST_RUNS_FOR_REASON = 3;

export function cancelled(): SkuaError {
  return new SkuaError('CANCELLED', 'the query was cancelled');
}

/** A result that is computed as it is read. It owns its statement. */
export class StreamingResult {
  readonly #connection: Connection;
  readonly #statement: Statement;
  readonly #source: SourceText;
  readonly #result = allocate(48);
  readonly #array = allocate(80);
  readonly #arrayAddress = addressOf(this.#array);
  readonly #chunk = new Slot();
  #words: ResultWords | undefined;
  #options: Pointer = 0;
  #fetching: Promise<Pointer> | undefined;
  #closing: Promise<void> | undefined;
  #isPlanned = false;
  #isAtEnd = false;

  constructor(
    connection: Connection,
    statement: Statement,
    public columns: readonly ResultColumn[],
    source: SourceText,
  ) {
    this.#connection = connection;
    this.#statement = statement;
    this.#source = source;
  }

  /** Whether the statement could be planned; what fails after that fails by its values. */
  get isPlanned(): boolean {
    return this.#isPlanned;
  }

  /** Whether all rows were read, so that nothing of the query runs any more. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** Starts the query; comes back when the first rows are there. */
  async start(): Promise<void> {
    const library = duckdb();
    const pending = new Slot();
    try {
      // Most statements are planned here, and need as long for it as they are complex.
      const planned = await inBackground('duckdb_pending_prepared_streaming', this.#statement.pointer, pending.memory);
      if (planned !== 0) throw engineError(library.duckdb_pending_error(pending.pointer), this.#source);
      this.#isPlanned = true;
      const state = await inBackground('duckdb_execute_pending', pending.pointer, this.#result);
      if (state !== 0) throw engineError(library.duckdb_result_error(this.#result), this.#source);
    } catch (error) {
      // What was begun and did not come to an end may be waited for.
      await inBackground('duckdb_destroy_pending', pending.memory);
      throw error;
    }
    library.duckdb_destroy_pending(pending.memory);
    const word = (index: number) => Number(this.#result.readBigUInt64LE(index * 8));
    this.#words = { a: word(0), b: word(1), c: word(2), d: word(3), e: word(4), f: word(5) };
    this.#options = library.duckdb_result_get_arrow_options(this.#result);
  }

  /** The columns as the running query has them. */
  readColumns(): ResultColumn[] {
    const library = duckdb();
    this.columns = Array.from({ length: library.duckdb_column_count(this.#result) }, (_, index) => ({
      name: readText(library.duckdb_column_name(this.#result, index)),
      type: takeResultType(library.duckdb_column_logical_type(this.#result, index)),
    }));
    return [...this.columns];
  }

  /**
   * Batches of about `targetBytes`. While one chunk is copied, the engine computes the next. Throws before the first of them where the engine
   * exports other types than those of the columns.
   */
  async *batches(targetBytes: number, memory: ResultMemory = heap): AsyncGenerator<ColumnarBatch, void, undefined> {
    this.#checkTypes();
    const collector = new BatchCollector(
      this.columns.map(({ type }) => type.layout),
      memory,
    );
    const taken = () => {
      const batch = collector.take();
      memory.settle(batch);
      return this.#split(batch, targetBytes * 2, memory);
    };
    try {
      for (;;) {
        const chunk = await this.#nextChunk();
        if (chunk === 0) break;
        this.#collect(chunk, collector);
        if (collector.bytes >= targetBytes) yield* taken();
      }
      if (collector.rows > 0) yield* taken();
    } finally {
      memory.discard();
    }
  }

  #checkTypes(): void {
    const library = duckdb();
    const count = library.duckdb_column_count(this.#result);
    const types = Array.from({ length: count }, (_, index) => library.duckdb_column_logical_type(this.#result, index));
    try {
      const announced = this.columns.map(({ name, type }) => ({ field: fieldOf(name, type), layout: type.layout }));
      checkExport(this.#options, types, announced);
    } finally {
      for (const type of types) library.duckdb_destroy_logical_type(Slot.holding(type).memory);
    }
  }

  /** Stops the query if it runs, and frees everything. Whoever reads the batches then fails with CANCELLED. */
  close(): Promise<void> {
    this.#closing ??= this.#free();
    return this.#closing;
  }

  async #free(): Promise<void> {
    const fetching = this.#fetching;
    if (fetching) {
      this.#connection.interrupt();
      const chunk = await fetching.catch(() => 0);
      if (chunk !== 0) this.#destroyChunk(chunk);
    }
    const library = duckdb();
    if (this.#options !== 0) library.duckdb_destroy_arrow_options(Slot.holding(this.#options).memory);
    await this.#destroyResult();
    this.#statement.close();
  }

  /** What still runs is waited for, on another thread: it may itself be waiting for a function of the engine's that runs on this one. */
  async #destroyResult(): Promise<void> {
    if (this.#isAtEnd) duckdb().duckdb_destroy_result(this.#result);
    else await inBackground('duckdb_destroy_result', this.#result);
  }

  /** The next chunk, which the caller destroys; 0 at the end. Fetching of the one after it has begun. */
  async #nextChunk(): Promise<Pointer> {
    if (this.#closing) throw cancelled();
    this.#fetching ??= this.#fetch();
    const chunk = await this.#fetching;
    // Freed meanwhile, the chunk included.
    if (this.#closing) throw cancelled();
    this.#fetching = undefined;
    if (chunk === 0) {
      const failure = duckdb().duckdb_result_error(this.#result);
      if (failure) throw await this.#reasonOf(engineError(failure, this.#source));
      this.#isAtEnd = true;
      return 0;
    }
    this.#fetching = this.#fetch();
    // Whoever awaits it sees the failure; until then it must not count as unhandled.
    this.#fetching.catch(() => undefined);
    return chunk;
  }

  /**
   * When a row fails on one thread, DuckDB stops the others, and at times reports that in place of the failure. What nobody cancelled is then
   * run again, for its error alone.
   */
  async #reasonOf(error: SkuaError): Promise<SkuaError> {
    if (error.code !== 'CANCELLED') return error;
    let reason: SkuaError | undefined = error;
    for (let run = 0; run < MOST_RUNS_FOR_REASON && reason?.code === 'CANCELLED'; run++) {
      const again: Promise<SkuaError | undefined> = this.#errorOfAnotherRun();
      // Closing waits for it, as for any fetch.
      this.#fetching = again.then(() => 0);
      reason = await again;
      if (this.#closing) return cancelled();
      this.#fetching = undefined;
    }
    if (reason && reason.code !== 'CANCELLED') return reason;
    return new SkuaError('UNKNOWN', 'the query failed, and the engine did not say why; run it again');
  }

  async #errorOfAnotherRun(): Promise<SkuaError | undefined> {
    const library = duckdb();
    library.duckdb_destroy_arrow_options(Slot.holding(this.#options).memory);
    this.#options = 0;
    await this.#destroyResult();
    this.#isAtEnd = false;
    try {
      await this.start();
      for (let chunk = await this.#fetch(); chunk !== 0 && !this.#closing; chunk = await this.#fetch())
        this.#destroyChunk(chunk);
    } catch (error) {
      return toSkuaError(error);
    }
    const failure = library.duckdb_result_error(this.#result);
    return failure ? engineError(failure, this.#source) : undefined;
  }

  /** A chunk of very wide rows makes a batch that is too large. */
  *#split(batch: ColumnarBatch, maximumBytes: number, memory: ResultMemory): Generator<ColumnarBatch> {
    if (batchBytes(batch) <= maximumBytes) yield batch;
    else yield* splitBatch(schemaOf(this.columns), memory.detach(batch), maximumBytes);
  }

  #fetch(): Promise<Pointer> {
    if (!this.#words) throw new SkuaError('INTERNAL', 'the result was read before it was started');
    return inBackground('duckdb_fetch_chunk', this.#words);
  }

  #collect(chunk: Pointer, collector: BatchCollector): void {
    try {
      throwErrorData(duckdb().duckdb_data_chunk_to_arrow(this.#options, chunk, this.#array), this.#source);
      try {
        collector.append(this.#arrayAddress);
      } finally {
        const release = this.#array.readBigUInt64LE(releaseOffset);
        if (release !== 0n) koffi.call(release, releaseCallback, this.#array);
      }
    } finally {
      this.#destroyChunk(chunk);
    }
  }

  #destroyChunk(chunk: Pointer): void {
    this.#chunk.memory.writeUInt32LE(chunk >>> 0, 0);
    this.#chunk.memory.writeUInt32LE(Math.floor(chunk / 0x1_0000_0000), 4);
    duckdb().duckdb_destroy_data_chunk(this.#chunk.memory);
  }
}
