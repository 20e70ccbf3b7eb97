import { SkuaError } from '../../../errors.js';
import type { FetchMissing, ResultStream, TableScan } from '../../contract.js';
import { DuckDbEngine } from '../engine.js';
import type { DuckDbInstance } from '../instance.js';
import { BrokenEngineError } from '../native/errors.js';
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
  type WireRun,
  type WireScan,
  wireError,
  wireSchema,
  writeOptionsFrom,
} from '../protocol/index.js';
import { ArenaMemory } from './arena-memory.js';
import { MissingFiles } from './missing-files.js';
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
  private readonly instances = new Map<number, DuckDbInstance>();
  private readonly running = new Map<number, Running>();
  private readonly writer: BatchWriter;
  private readonly reader: BatchReader;
  private readonly sources: RowSources;
  private outlet: Outlet = { send: () => true, drained: async () => undefined };

  private constructor(
    private readonly engine: DuckDbEngine,
    private readonly arena: Arena | undefined,
    serverMemory: SharedMemory | undefined,
  ) {
    this.writer = new BatchWriter(arena);
    this.reader = new BatchReader(serverMemory);
    this.sources = new RowSources(this.reader, (report) => this.outlet.send(report));
  }

  static async open({ memory, arena, serverMemory }: HandlerOptions): Promise<RequestHandler> {
    return new RequestHandler(await DuckDbEngine.open({ memory }), arena, serverMemory);
  }

  speakTo(outlet: Outlet): void {
    this.outlet = outlet;
  }

  take(command: Command): void {
    switch (command.kind) {
      case 'request':
        void this.answer(command);
        return;
      case 'cancel':
        this.running.get(command.id)?.abort.abort(new SkuaError('CANCELLED', 'the query was cancelled'));
        this.running.get(command.id)?.sender?.end();
        return;
      case 'credit':
        this.running.get(command.id)?.sender?.read();
        return;
      case 'limit':
        this.engine.limitMemory(command.memory);
        return;
      case 'fetched':
        this.running.get(command.id)?.fetch.done(command.failure);
        return;
      case 'rows':
        this.sources.rows(command.source, command.batch);
        return;
      case 'rowsEnd':
        this.sources.end(command.source, command.failure);
    }
  }

  private async answer(command: RequestCommand): Promise<void> {
    const { id } = command;
    const abort = new AbortController();
    const fetch = new MissingFiles(abort.signal, (files) => this.outlet.send({ kind: 'missing', id, files }));
    const running: Running = { abort, fetch };
    this.running.set(id, running);
    try {
      if (command.name === 'run') await this.stream(command, running);
      else this.outlet.send({ kind: 'answer', id, gives: await this.carryOut(command, running) });
    } catch (error) {
      const failure = readsFiles(command) ? error : unforeseen(error);
      if (failure instanceof BrokenEngineError) this.outlet.send({ kind: 'broken', id });
      this.outlet.send({ kind: 'failure', id, error: wireError(failure) });
    } finally {
      await running.sender?.settled();
      this.running.delete(id);
    }
  }

  private async carryOut(command: Exclude<RequestCommand, { name: 'run' }>, running: Running): Promise<unknown> {
    const { name, instance, takes } = command;
    const { signal } = running.abort;
    const fetch: FetchMissing = (missing) => running.fetch.fetch(missing);
    switch (name) {
      case 'open':
        this.instances.set(instance, await this.engine.open(takes.options));
        return undefined;
      case 'close':
        await this.instances.get(instance)?.close();
        this.instances.delete(instance);
        return undefined;
      case 'parse':
        return this.engine.parser.parseQuery(takes.sql);
      case 'describe':
        return this.describe(instance, takes, signal);
      case 'demand': {
        const row = parametersFrom(takes.parameters, this.reader);
        return this.instance(instance).demand(takes.sql, takes.tables.map(tableFrom), row, signal);
      }
      case 'columnValues':
        return this.instance(instance).columnValues(this.scan(takes.scan), { ...takes.request, fetch }, signal);
      case 'unreadable':
        return this.instance(instance).unreadable(this.scan(takes.scan), signal);
      case 'explain': {
        const row = parametersFrom(takes.parameters, this.reader);
        const scans = takes.scans.map((scan) => this.scan(scan));
        return this.instance(instance).explain(takes.sql, scans, { analyze: takes.analyze, signal, fetch }, row);
      }
      case 'write': {
        const scans = takes.scans.map((scan) => this.scan(scan));
        const options = writeOptionsFrom(takes.options, signal, this.reader);
        return this.instance(instance).writeParquet(takes.sql, scans, { ...options, fetch });
      }
    }
  }

  private async describe(
    instance: number,
    { sql, tables, options }: Requests['describe']['takes'],
    signal: AbortSignal,
  ): Promise<Requests['describe']['gives']> {
    const given = describeOptionsFrom(options, this.reader);
    const described = await this.instance(instance).describe(sql, tables.map(tableFrom), signal, given);
    const { schema, parameters, types } = described;
    return { schema: wireSchema(schema), parameters: wireSchema(parameters), types };
  }

  private async stream(command: RequestCommand & { name: 'run' }, running: Running): Promise<void> {
    const { id, instance, takes } = command;
    const { signal } = running.abort;
    const progress = new ProgressReports((done) => this.outlet.send({ kind: 'progress', id, done }));
    try {
      const result = await this.run(this.instance(instance), takes, running, progress);
      running.sender = new ResultSender(id, takes.credit, this.writer, this.outlet);
      if (signal.aborted) running.sender.end();
      this.outlet.send({ kind: 'answer', id, gives: wireSchema(result.schema) });
      await running.sender.send(result.batches);
    } finally {
      progress.close();
    }
    signal.throwIfAborted();
  }

  private run(
    instance: DuckDbInstance,
    { sql, scans, parameters, schema, batchBytes, progress: wantsProgress }: WireRun,
    { abort: { signal }, fetch }: Running,
    progress: ProgressReports,
  ): Promise<ResultStream> {
    const row = parametersFrom(parameters, this.reader);
    return instance.run(
      sql,
      scans.map((scan) => this.scan(scan)),
      {
        signal,
        batchBytes,
        fetch: (missing) => fetch.fetch(missing),
        ...(row && { parameters: row }),
        ...(schema && { schema: schemaFrom(schema) }),
        ...(wantsProgress && { onProgress: (read) => progress.start(read) }),
      },
      this.arena && new ArenaMemory(this.arena),
    );
  }

  private instance(number: number): DuckDbInstance {
    const instance = this.instances.get(number);
    if (!instance) throw new SkuaError('INTERNAL', 'the engine process knows no such instance');
    return instance;
  }

  private scan(scan: WireScan): TableScan {
    return scanFrom(scan, (source) => this.sources.read(source));
  }
}

/** Whether the request has the engine read data files, whose damage may be what it fails over. */
function readsFiles({ takes }: RequestCommand): boolean {
  const scans = 'scans' in takes ? takes.scans : 'scan' in takes ? [takes.scan] : [];
  return scans.some(({ source }) => source?.kind === 'parquet' || source?.kind === 'local');
}

/** Where there are no files that could be damaged, what looks like it is a fault of the engine's. */
function unforeseen(error: unknown): unknown {
  if (!(error instanceof SkuaError) || error.code !== 'DATA_LOSS') return error;
  return new BrokenEngineError('INTERNAL', `the SQL engine failed: ${error.message}`, { cause: error });
}
