/** A session whose queries run in the local engine, or where they ask for it or are too large, in a cluster. */
import type { ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type {
  BoundStatement,
  EngineSession,
  ExplainOptions,
  Explanation,
  ResultStream,
  RunOptions,
  ScanProfile,
  StatementOptions,
} from '../contract.js';
import type { ClusterCaller, ClusterPlace, ClusterQuery } from './contract.js';

/** A cluster and when statements go there by themselves. */
export interface ClusterRule {
  place: ClusterPlace;
  /** Bytes of planned files from which on; undefined: never. */
  minimumScan: number | undefined;
  /** Those that ran out of memory here before their first rows. */
  takesOutOfMemory: boolean;
}

/** The local engine's name, beside those that are configured. */
export const LOCAL = 'local';

type Choice =
  | { kind: 'local'; reason: string; mayMove: boolean }
  | { kind: 'cluster'; name: string; query: ClusterQuery; reason: string; isAsked: boolean };

export class RoutedSession implements EngineSession {
  readonly #local: EngineSession;
  /** By configured name; those with rules are asked in this order. */
  readonly #clusters: ReadonlyMap<string, ClusterRule>;
  readonly #caller: ClusterCaller;

  constructor(local: EngineSession, clusters: ReadonlyMap<string, ClusterRule>, caller: ClusterCaller) {
    this.#local = local;
    this.#clusters = clusters;
    this.#caller = caller;
  }

  get parser() {
    return this.#local.parser;
  }

  describe: EngineSession['describe'] = (...given) => this.#local.describe(...given);
  plan: EngineSession['plan'] = (...given) => this.#local.plan(...given);
  keep: EngineSession['keep'] = (...given) => this.#local.keep(...given);
  writeDataFiles: EngineSession['writeDataFiles'] = (...given) => this.#local.writeDataFiles(...given);
  writePositionDeletes: EngineSession['writePositionDeletes'] = (...given) =>
    this.#local.writePositionDeletes(...given);
  close: EngineSession['close'] = () => this.#local.close();

  async run(statement: BoundStatement, options: RunOptions): Promise<ResultStream> {
    if (statement.routing === undefined) return this.#local.run(statement, options);
    const choice = await this.#choose(statement, options);
    if (choice.kind === 'local') {
      return choice.mayMove ? this.#runMoving(statement, options) : this.#local.run(statement, options);
    }
    try {
      return await this.#runThere(choice.query, statement, options);
    } catch (error) {
      const isNotUnderstood = error instanceof SkuaError && error.code === 'UNIMPLEMENTED';
      if (isNotUnderstood && !choice.isAsked) return this.#local.run(statement, options);
      throw error;
    }
  }

  async explain(statement: BoundStatement, options: ExplainOptions): Promise<Explanation> {
    if (statement.routing === undefined) return this.#local.explain(statement, options);
    const choice = await this.#choose(statement, { ...options, batchBytes: EXPLAINED_BATCH });
    if (choice.kind === 'local') {
      return { ...(await this.#local.explain(statement, options)), engine: { name: LOCAL, reason: choice.reason } };
    }
    const began = performance.now();
    const scans = await this.#local.plan(statement, options);
    const planned = performance.now();
    if (options.analyze) {
      const { batches } = await choice.query.run();
      for await (const _ of batches);
    }
    const plan = await choice.query.explain();
    const times = { staging: planned - began, engine: performance.now() - planned };
    return { scans, plan, times, engine: { name: choice.name, reason: choice.reason } };
  }

  /** Once more, there, where the local engine runs out of memory before the first rows are out. */
  async #runMoving(statement: BoundStatement, options: RunOptions): Promise<ResultStream> {
    let current: ResultStream | undefined;
    const begin = async () => {
      current = await this.#local.run(statement, options);
      const batches = current.batches[Symbol.asyncIterator]();
      return { first: await batches.next(), batches };
    };
    try {
      const { first, batches } = await begin();
      const { schema, close } = current as unknown as ResultStream;
      return { schema, batches: joined(first, batches), close: () => close() };
    } catch (error) {
      await (current as ResultStream | undefined)?.close();
      if (!(error instanceof SkuaError) || error.code !== 'RESOURCE_EXHAUSTED') throw error;
      const query = await this.#takerOf(statement, options);
      if (!query) throw error;
      return this.#runThere(query, statement, options);
    }
  }

  /** The first cluster that takes what ran out of memory here, and can run it. */
  async #takerOf(statement: BoundStatement, options: RunOptions): Promise<ClusterQuery | undefined> {
    for (const { place, takesOutOfMemory } of this.#clusters.values()) {
      const query = takesOutOfMemory ? await this.#query(place, statement, options) : undefined;
      if (query !== undefined && typeof query !== 'string') return query;
    }
    return undefined;
  }

  async #runThere(query: ClusterQuery, statement: BoundStatement, options: StatementOptions): Promise<ResultStream> {
    const stream = query.run();
    stream.catch(() => undefined);
    if (statement.onStaged) {
      const profiles = await this.#local.plan(statement, options);
      statement.onStaged(() => profiles);
    }
    return stream;
  }

  async #choose(statement: BoundStatement, options: RunOptions): Promise<Choice> {
    const asked = statement.routing?.engine;
    if (asked?.name === LOCAL) return { kind: 'local', reason: `asked for by ${WORDS[asked.by]}`, mayMove: false };
    if (asked) return this.#asked(statement, options, asked);
    return this.#byRule(statement, options);
  }

  async #asked(
    statement: BoundStatement,
    options: RunOptions,
    { name, by }: { name: string; by: 'hint' | 'setting' },
  ): Promise<Choice> {
    const rule = this.#clusters.get(name);
    if (!rule) throw new SkuaError('INVALID_ARGUMENT', `There is no engine "${name}"`);
    const query = await this.#query(rule.place, statement, options);
    if (typeof query !== 'string') {
      return { kind: 'cluster', name, query, reason: `asked for by ${WORDS[by]}`, isAsked: by === 'hint' };
    }
    if (by === 'hint') throw new SkuaError('UNIMPLEMENTED', `The statement can't run in engine "${name}": ${query}`);
    return { kind: 'local', reason: `it can't run in engine "${name}": ${query}`, mayMove: false };
  }

  async #byRule(statement: BoundStatement, options: RunOptions): Promise<Choice> {
    const local: Choice = { kind: 'local', reason: 'no rule sends it elsewhere', mayMove: this.#anyTakesOutOfMemory };
    const minimum = Math.min(...[...this.#clusters.values()].map(({ minimumScan = Infinity }) => minimumScan));
    if (mostBytes(statement) < minimum) return local;
    const bytes = plannedBytes(await this.#local.plan(statement, options));
    const reasons: string[] = [];
    for (const [name, { place, minimumScan = Infinity }] of this.#clusters) {
      if (bytes < minimumScan) continue;
      const query = await this.#query(place, statement, options);
      const reason = `${bytes} bytes are planned to be read, of ${minimumScan} from which on it takes statements`;
      if (typeof query !== 'string') return { kind: 'cluster', name, query, reason, isAsked: false };
      reasons.push(`${bytes} bytes are planned to be read, but it can't run in engine "${name}": ${query}`);
    }
    return reasons.length > 0 ? { ...local, reason: reasons.join('; ') } : local;
  }

  get #anyTakesOutOfMemory(): boolean {
    return [...this.#clusters.values()].some(({ takesOutOfMemory }) => takesOutOfMemory);
  }

  async #query(place: ClusterPlace, statement: BoundStatement, options: RunOptions): Promise<ClusterQuery | string> {
    const { signal, batchBytes, onProgress, parameters } = options;
    if (statement.timeZone !== undefined) return `the session's time zone is ${statement.timeZone}, and its own is UTC`;
    const [tree, schema] = await Promise.all([
      this.#local.parser.syntaxTree(statement.sql, { statement: statement.id, signal }),
      options.schema ??
        this.#local.describe(statement, { signal, bound: boundOf(options) }).then((described) => described.schema),
    ]);
    return place.query(statement, { tree, schema, signal, batchBytes, onProgress, parameters, caller: this.#caller });
  }
}

const EXPLAINED_BATCH = 1 << 20;

const WORDS = { hint: 'its hint', setting: 'the session' };

function boundOf({ parameters }: StatementOptions) {
  return parameters && { schema: parameters.schema, batches: [parameters.batch] };
}

/** No fewer bytes than the statement's scans can read, as the snapshots of its tables say; unknown ones are many. */
function mostBytes({ tables }: BoundStatement): number {
  return tables.reduce((sum, bound) => {
    if (bound.kind !== 'iceberg') return sum;
    const { metadata, snapshotId } = bound.table;
    const snapshot = metadata.snapshots.find((each) => each.snapshotId === snapshotId);
    return sum + (snapshot ? Number(snapshot.summary['total-files-size'] ?? Infinity) : 0);
  }, 0);
}

function plannedBytes(profiles: readonly ScanProfile[]): number {
  return profiles.reduce((sum, { read }) => sum + (read.kind === 'figures' ? read.plan.bytesPlanned : 0), 0);
}

async function* joined(
  first: IteratorResult<ColumnarBatch>,
  rest: AsyncIterator<ColumnarBatch>,
): AsyncGenerator<ColumnarBatch> {
  try {
    for (let batch = first; !batch.done; batch = await rest.next()) yield batch.value;
  } finally {
    await rest.return?.();
  }
}
