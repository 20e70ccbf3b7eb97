import { SkuaError } from '../../../errors.js';
import type { EngineProfile, FetchMissing, ResultStream, TableScan } from '../contract.js';
import {
  type Arena,
  BatchReader,
  BatchWriter,
  type Command,
  describeOptionsFrom,
  parametersFrom,
  type RequestCommand,
  type Requests,
  type SharedMemory,
  scanFrom,
  schemaFrom,
  tableFrom,
  type WireScan,
  wireError,
  wireSchema,
  writeOptionsFrom,
} from '../protocol/index.js';
import { ArenaMemory } from './arena-memory.js';
import { LocalEngine } from './engine.js';
import type { DuckDbInstance } from './instance.js';
import { MissingFiles } from './missing-files.js';
import { BrokenEngineError, DamagedVariantError, FailedCheckError } from './native/errors.js';
import { ProgressReports } from './progress.js';
import { type Outlet, ResultSender } from './result-sender.js';
import { RowSources } from './row-sources.js';

export interface HandlerOptions {
  /** Bytes that the process may use. */
  memory: number;
  /** Shared memory for batches to the server, and the server's own. */
  arena?: Arena | undefined;
  serverMemory?: SharedMemory | undefined;
}

interface Running {
  abort: AbortController;
  sender?: ResultSender;
  fetch: MissingFiles;
}

/** Carries out what the server asks of this process. */
export class RequestHandler {
  readonly #engine: LocalEngine;
  readonly #arena: Arena | undefined;
  readonly #instances = new Map<number, DuckDbInstance>();
  readonly #running = new Map<number, Running>();
  readonly #writer: BatchWriter;
  readonly #reader: BatchReader;
  readonly #sources: RowSources;
  #outlet: Outlet = { send: () => true, drained: async () => undefined };

  private constructor(engine: LocalEngine, arena: Arena | undefined, serverMemory: SharedMemory | undefined) {
    this.#engine = engine;
    this.#arena = arena;
    this.#writer = new BatchWriter(arena);
    this.#reader = new BatchReader(serverMemory);
    this.#sources = new RowSources(this.#reader, (report) => this.#outlet.send(report));
  }

  static async open({ memory, arena, serverMemory }: HandlerOptions): Promise<RequestHandler> {
    return new RequestHandler(await LocalEngine.open({ memory }), arena, serverMemory);
  }

  speakTo(outlet: Outlet): void {
    this.#outlet = outlet;
  }

  take(command: Command): void {
    switch (command.kind) {
      case 'request':
        void this.#answer(command);
        return;
      case 'cancel':
        this.#running.get(command.id)?.abort.abort(new SkuaError('CANCELLED', 'the query was cancelled'));
        this.#running.get(command.id)?.sender?.end();
        return;
      case 'credit':
        this.#running.get(command.id)?.sender?.read();
        return;
      case 'limit':
        this.#engine.limitMemory(command.memory);
        return;
      case 'fetched':
        this.#running.get(command.id)?.fetch.done(command.failure);
        return;
      case 'rows':
        this.#sources.rows(command.source, command.batch);
        return;
      case 'rowsEnd':
        this.#sources.end(command.source, command.failure);
    }
  }

  async #answer(command: RequestCommand): Promise<void> {
    const { id } = command;
    const abort = new AbortController();
    const fetch = new MissingFiles(abort.signal, (files) => this.#outlet.send({ kind: 'missing', id, files }));
    const running: Running = { abort, fetch };
    this.#running.set(id, running);
    try {
      if (command.name === 'run') await this.#stream(command, running);
      else this.#outlet.send({ kind: 'answer', id, gives: await this.#carryOut(command, running) });
    } catch (error) {
      const failure = readsFiles(command) ? error : engineFault(error);
      if (failure instanceof BrokenEngineError) this.#outlet.send({ kind: 'broken', id });
      this.#outlet.send({ kind: 'failure', id, error: wireError(failure) });
    } finally {
      await running.sender?.settled();
      this.#running.delete(id);
    }
  }

  async #carryOut(command: Exclude<RequestCommand, { name: 'run' }>, running: Running): Promise<unknown> {
    const { name, instance, takes } = command;
    const { signal } = running.abort;
    const fetch: FetchMissing = (missing) => running.fetch.fetch(missing);
    switch (name) {
      case 'open':
        this.#instances.set(instance, await this.#engine.open(takes.options));
        return undefined;
      case 'close':
        await this.#instances.get(instance)?.close();
        this.#instances.delete(instance);
        return undefined;
      case 'parse':
        return this.#engine.parser.parseQuery(takes.sql);
      case 'syntaxTree':
        return this.#engine.parser.syntaxTree(takes.sql);
      case 'describe':
        return this.#describe(instance, takes, signal);
      case 'demand': {
        const row = parametersFrom(takes.parameters, this.#reader);
        return this.#instance(instance, takes.timeZone).demand(takes.sql, takes.tables.map(tableFrom), row, signal);
      }
      case 'columnValues':
        return this.#instance(instance).columnValues(this.#scan(takes.scan), { ...takes.request, fetch }, signal);
      case 'unreadable':
        return this.#instance(instance).unreadable(this.#scan(takes.scan), signal);
      case 'decode':
        await this.#instance(instance).decode(this.#scan(takes.scan), takes.path, signal);
        return undefined;
      case 'explain': {
        const row = parametersFrom(takes.parameters, this.#reader);
        const scans = takes.scans.map((scan) => this.#scan(scan));
        return this.#instance(instance, takes.timeZone).explain(
          takes.sql,
          scans,
          { analyze: takes.analyze, signal, fetch },
          row,
        );
      }
      case 'write': {
        const scans = takes.scans.map((scan) => this.#scan(scan));
        const options = { ...writeOptionsFrom(takes.options, signal, this.#reader), fetch };
        const onProfile = takes.profile ? this.#profilesOf(command.id) : undefined;
        return this.#instance(instance, takes.timeZone).writeParquet(takes.sql, scans, options, onProfile);
      }
    }
  }

  async #describe(
    instance: number,
    { sql, tables, options, timeZone }: Requests['describe']['takes'],
    signal: AbortSignal,
  ): Promise<Requests['describe']['gives']> {
    const given = describeOptionsFrom(options, this.#reader);
    const described = await this.#instance(instance, timeZone).describe(sql, tables.map(tableFrom), signal, given);
    const { schema, parameters, types } = described;
    return { schema: wireSchema(schema), parameters: wireSchema(parameters), types };
  }

  async #stream(command: RequestCommand & { name: 'run' }, running: Running): Promise<void> {
    const { id, takes } = command;
    const { signal } = running.abort;
    const progress = new ProgressReports((done) => this.#outlet.send({ kind: 'progress', id, done }));
    try {
      const result = await this.#run(command, running, progress);
      running.sender = new ResultSender(id, takes.credit, this.#writer, this.#outlet);
      if (signal.aborted) running.sender.end();
      this.#outlet.send({ kind: 'answer', id, gives: wireSchema(result.schema) });
      await running.sender.send(result.batches);
    } finally {
      progress.close();
    }
    signal.throwIfAborted();
  }

  #run(
    { id, instance, takes }: RequestCommand & { name: 'run' },
    { abort: { signal }, fetch }: Running,
    progress: ProgressReports,
  ): Promise<ResultStream> {
    const { sql, scans, parameters, schema, batchBytes, timeZone } = takes;
    const row = parametersFrom(parameters, this.#reader);
    return this.#instance(instance, timeZone).run(
      sql,
      scans.map((scan) => this.#scan(scan)),
      {
        signal,
        batchBytes,
        fetch: (missing) => fetch.fetch(missing),
        ...(row && { parameters: row }),
        ...(schema && { schema: schemaFrom(schema) }),
        ...(takes.profile && { onProfile: this.#profilesOf(id) }),
        ...(takes.progress && { onProgress: (read) => progress.start(read) }),
      },
      this.#arena && new ArenaMemory(this.#arena),
    );
  }

  #profilesOf(id: number): (profile: EngineProfile) => void {
    return (profile) => this.#outlet.send({ kind: 'profile', id, profile });
  }

  #instance(number: number, timeZone?: string): DuckDbInstance {
    const instance = this.#instances.get(number);
    if (!instance) throw new SkuaError('INTERNAL', 'the engine process knows no such instance');
    return instance.inTimeZone(timeZone);
  }

  #scan(scan: WireScan): TableScan {
    return scanFrom(scan, (source) => this.#sources.read(source));
  }
}

/** Whether the request has the engine read data files, whose damage may be what it fails over. */
function readsFiles({ takes }: RequestCommand): boolean {
  const scans = 'scans' in takes ? takes.scans : 'scan' in takes ? [takes.scan] : [];
  return scans.some(({ source }) => source?.kind === 'parquet' || source?.kind === 'local');
}

/** Where there are no files that could be damaged, what looks like it is a fault of the engine's, or of bytes that the statement has itself. */
function engineFault(error: unknown): unknown {
  if (error instanceof DamagedVariantError) return new SkuaError('INVALID_ARGUMENT', error.message, { cause: error });
  if (error instanceof FailedCheckError) {
    const message = `the SQL engine can't carry out this statement, over which one of its own checks fails: ${error.cause}`;
    return new BrokenEngineError('UNIMPLEMENTED', message, { cause: error });
  }
  if (!(error instanceof SkuaError) || error.code !== 'DATA_LOSS') return error;
  return new BrokenEngineError('INTERNAL', `the SQL engine failed: ${error.message}`, { cause: error });
}
