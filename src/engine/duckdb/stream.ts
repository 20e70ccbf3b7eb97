import { Schema } from 'apache-arrow';
import koffi from 'koffi';
import type { ColumnarBatch } from '../../arrow/batch.js';
import { SkuaError } from '../../errors.js';
import { BatchCollector } from './collector.js';
import type { Connection, Statement } from './database.js';
import { engineError, type SourceText, throwErrorData } from './errors.js';
import { duckdb, inBackground, type Pointer, type ResultWords } from './library.js';
import { addressOf, allocate, readText, Slot } from './memory.js';
import { fieldOf, type ResultType, takeResultType } from './result-type.js';

/** The `release` callback of the Arrow C data interface. */
const releaseCallback = koffi.proto('void SkuaReleaseArrowArray(void *array)');
const releaseOffset = 64;

export interface ResultColumn {
  name: string;
  type: ResultType;
}

/** The columns of a prepared statement. */
export function columnsOf(statement: Statement): ResultColumn[] {
  const library = duckdb();
  const columns: ResultColumn[] = [];
  const count = library.duckdb_prepared_statement_column_count(statement.pointer);
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

/** A result that is computed as it is read. */
export class StreamingResult {
  private readonly result = allocate(48);
  private readonly array = allocate(80);
  private readonly arrayAddress = addressOf(this.array);
  private readonly chunk = new Slot();
  private words: ResultWords | undefined;
  private options: Pointer = 0;
  private closed = false;

  constructor(
    private readonly connection: Connection,
    private readonly statement: Statement,
    private readonly columns: readonly ResultColumn[],
    private readonly source: SourceText,
  ) {}

  /** Starts the query; comes back when the first rows are there. */
  async start(): Promise<void> {
    const library = duckdb();
    const pending = new Slot();
    try {
      if (library.duckdb_pending_prepared_streaming(this.statement.pointer, pending.memory) !== 0) {
        throw engineError(library.duckdb_pending_error(pending.pointer), this.source);
      }
      const state = await inBackground('duckdb_execute_pending', pending.pointer, this.result);
      if (state !== 0) throw engineError(library.duckdb_result_error(this.result), this.source);
    } finally {
      library.duckdb_destroy_pending(pending.memory);
    }
    const word = (index: number) => Number(this.result.readBigUInt64LE(index * 8));
    this.words = { a: word(0), b: word(1), c: word(2), d: word(3), e: word(4), f: word(5) };
    this.options = library.duckdb_result_get_arrow_options(this.result);
  }

  /** Batches of about `batchBytes`. While one chunk is copied, the engine computes the next. */
  async *batches(batchBytes: number): AsyncGenerator<ColumnarBatch, void, undefined> {
    const collector = new BatchCollector(this.columns.map(({ type }) => type.layout));
    let next: Promise<Pointer> | undefined = this.fetch();
    try {
      for (;;) {
        const chunk: Pointer = await next;
        next = undefined;
        if (chunk === 0) break;
        next = this.fetch();
        // Whoever awaits it sees the failure; until then it must not count as unhandled.
        next.catch(() => undefined);
        this.collect(chunk, collector);
        if (collector.bytes >= batchBytes) yield collector.take();
      }
      const failure = duckdb().duckdb_result_error(this.result);
      if (failure) throw engineError(failure, this.source);
      if (collector.rows > 0) yield collector.take();
    } finally {
      if (next) {
        this.connection.interrupt();
        const left = await next.catch(() => 0);
        if (left !== 0) this.destroyChunk(left);
      }
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const library = duckdb();
    if (this.options !== 0) library.duckdb_destroy_arrow_options(Slot.holding(this.options).memory);
    library.duckdb_destroy_result(this.result);
  }

  private fetch(): Promise<Pointer> {
    if (!this.words) throw new SkuaError('INTERNAL', 'the result was read before it was started');
    return inBackground('duckdb_fetch_chunk', this.words);
  }

  private collect(chunk: Pointer, collector: BatchCollector): void {
    try {
      throwErrorData(duckdb().duckdb_data_chunk_to_arrow(this.options, chunk, this.array), this.source);
      try {
        collector.append(this.arrayAddress);
      } finally {
        const release = this.array.readBigUInt64LE(releaseOffset);
        if (release !== 0n) koffi.call(release, releaseCallback, this.array);
      }
    } finally {
      this.destroyChunk(chunk);
    }
  }

  private destroyChunk(chunk: Pointer): void {
    this.chunk.memory.writeUInt32LE(chunk >>> 0, 0);
    this.chunk.memory.writeUInt32LE(Math.floor(chunk / 0x1_0000_0000), 4);
    duckdb().duckdb_destroy_data_chunk(this.chunk.memory);
  }
}
