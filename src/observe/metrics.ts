/**
 * What the server counts, for Prometheus. Labels have few values, all of them words of the server's own: no principal, no table and no text of a
 * statement ever becomes one.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is only looked at when somebody asks. */
export interface MetricSources {
  running(): { calls: number; statements: number; waiting: number };
  sessions(): number;
  caches(): CacheFigures[];
  engineProcesses(): { pid: number; role: string }[];
  /** Resident memory of a process in bytes; undefined where it is gone. */
  memoryOf(pid: number): Promise<number | undefined>;
  /** Bytes on disk of what did not fit in the engine's memory. */
  spilledBytes(): Promise<number>;
}

export interface CacheFigures {
  cache: string;
  hits: number;
  misses: number;
  bytes: number;
}

/** Seconds. */
const SHORT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LONG = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

export class Metrics {
  readonly #registry = new Registry();
  readonly #calls = this.#counter('skua_calls_total', 'Calls that are over, by RPC or route and by status.', [
    'rpc',
    'status',
  ]);
  readonly #callSeconds = this.#histogram('skua_call_seconds', 'Time from call to answer.', ['rpc'], LONG);
  readonly #statements = this.#counter('skua_statements_total', 'Statements that are over, by kind and by status.', [
    'statement',
    'status',
  ]);
  readonly #queued = this.#histogram(
    'skua_statement_queued_seconds',
    'Time that statements waited for a place among the running ones.',
    [],
    SHORT,
  );
  readonly #planned = this.#histogram(
    'skua_statement_plan_seconds',
    'Time from the beginning of a statement until its result begins to be computed.',
    [],
    LONG,
  );
  readonly #firstBatch = this.#histogram(
    'skua_statement_first_batch_seconds',
    'Time from the beginning of a statement to its first rows.',
    [],
    LONG,
  );
  readonly #seconds = this.#histogram(
    'skua_statement_seconds',
    'Time from the beginning of a statement to its end, the time of its client included.',
    [],
    LONG,
  );
  readonly #rows = this.#counter('skua_rows_total', 'Rows of results that were sent, and rows that were written.', [
    'direction',
  ]);
  readonly #bytes = this.#counter('skua_bytes_total', 'Bytes of results that were sent.', ['direction']);
  readonly #refused = this.#counter('skua_tokens_refused_total', 'Calls whose token was refused, by reason.', [
    'reason',
  ]);
  readonly #catalogRequests = this.#counter(
    'skua_catalog_requests_total',
    'Requests to catalogs, by catalog, method and status; none where no answer came.',
    ['catalog', 'method', 'status'],
  );
  readonly #catalogSeconds = this.#histogram(
    'skua_catalog_request_seconds',
    'Time of one request to a catalog.',
    ['catalog'],
    SHORT,
  );
  readonly #storeRequests = this.#counter(
    'skua_store_requests_total',
    'Requests to S3 stores, by kind and status; none where no answer came.',
    ['verb', 'status'],
  );
  readonly #storeSeconds = this.#histogram(
    'skua_store_request_seconds',
    'Time of one request to an S3 store.',
    ['verb'],
    SHORT,
  );
  readonly #deaths = this.#counter('skua_engine_process_ends_total', 'Engine processes that ended, by reason.', [
    'reason',
  ]);

  constructor(version: string) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('skua_build_info', 'Always 1; the version is the label.', ['version', 'node']).set(
      { version, node: process.version },
      1,
    );
  }

  callEnded(call: { rpc: string; status: string; milliseconds: number }): void {
    this.#calls.inc({ rpc: call.rpc, status: call.status });
    this.#callSeconds.observe({ rpc: call.rpc }, call.milliseconds / 1000);
  }

  /** Times in milliseconds; absent where the statement did not come so far. */
  statementEnded(statement: {
    statement: string;
    status: string;
    queued: number;
    planned?: number | undefined;
    firstBatch?: number | undefined;
    total: number;
    rowsSent: number;
    bytesSent: number;
    rowsWritten: number;
  }): void {
    this.#statements.inc({ statement: statement.statement, status: statement.status });
    this.#queued.observe(statement.queued / 1000);
    if (statement.planned !== undefined) this.#planned.observe(statement.planned / 1000);
    if (statement.firstBatch !== undefined) this.#firstBatch.observe(statement.firstBatch / 1000);
    this.#seconds.observe(statement.total / 1000);
    this.#rows.inc({ direction: 'sent' }, statement.rowsSent);
    this.#rows.inc({ direction: 'written' }, statement.rowsWritten);
    this.#bytes.inc({ direction: 'sent' }, statement.bytesSent);
  }

  tokenRefused(reason: string): void {
    this.#refused.inc({ reason });
  }

  catalogRequest(catalog: string, request: { method: string; status: number | 'none'; milliseconds: number }): void {
    this.#catalogRequests.inc({ catalog, method: request.method, status: String(request.status) });
    this.#catalogSeconds.observe({ catalog }, request.milliseconds / 1000);
  }

  storeRequest(request: { verb: string; status: number | 'none'; milliseconds: number }): void {
    this.#storeRequests.inc({ verb: request.verb, status: String(request.status) });
    this.#storeSeconds.observe({ verb: request.verb }, request.milliseconds / 1000);
  }

  engineProcessEnded(reason: string): void {
    this.#deaths.inc({ reason });
  }

  /** Whether what the server depends on was there when it was looked for last: 1 or 0. */
  dependency = this.#gauge('skua_dependency_up', 'Whether what the server needs was there when last looked for.', [
    'dependency',
  ]);

  /** Adds what is looked at when somebody asks. */
  watch(sources: MetricSources): void {
    const look = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    look('skua_calls_running', 'Calls that are under way.', () => sources.running().calls);
    look(
      'skua_statements_running',
      'Statements that have a place among the running ones.',
      () => sources.running().statements,
    );
    look('skua_statements_waiting', 'Statements that wait for a place.', () => sources.running().waiting);
    look('skua_sessions', 'Sessions that live.', () => sources.sessions());
    this.#watchCaches(sources);
    this.#watchEngine(sources);
  }

  /** In Prometheus' text format, and its content type. */
  async text(): Promise<{ type: string; text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #watchCaches({ caches }: MetricSources): void {
    const registers = [this.#registry];
    const labelNames = ['cache', 'outcome'];
    new Counter({
      name: 'skua_cache_lookups_total',
      help: 'Lookups in caches, by cache and outcome.',
      registers,
      labelNames,
      collect() {
        this.reset();
        for (const { cache, hits, misses } of caches()) {
          this.inc({ cache, outcome: 'hit' }, hits);
          this.inc({ cache, outcome: 'miss' }, misses);
        }
      },
    });
    new Gauge({
      name: 'skua_cache_bytes',
      help: 'Bytes that caches hold.',
      registers,
      labelNames: ['cache'],
      collect() {
        for (const { cache, bytes } of caches()) this.set({ cache }, bytes);
      },
    });
  }

  #watchEngine({ engineProcesses, memoryOf, spilledBytes }: MetricSources): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'skua_engine_processes',
      help: 'Engine processes that run, by role.',
      registers,
      labelNames: ['role'],
      collect() {
        for (const role of ['shared', 'own', 'spare']) this.set({ role }, 0);
        for (const { role } of engineProcesses()) this.inc({ role });
      },
    });
    new Gauge({
      name: 'skua_engine_memory_bytes',
      help: 'Resident memory of all engine processes together.',
      registers,
      async collect() {
        const sizes = await Promise.all(engineProcesses().map(({ pid }) => memoryOf(pid)));
        this.set(sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0));
      },
    });
    new Gauge({
      name: 'skua_engine_spill_bytes',
      help: 'Bytes on disk of what did not fit in the memory of the engine.',
      registers,
      async collect() {
        this.set(await spilledBytes());
      },
    });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: L[]): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}
