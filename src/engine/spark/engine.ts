import type { ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { anySignal } from '../../signal.js';
import type { BoundStatement, ResultStream } from '../contract.js';
import type { Cluster, ClusterPlace, ClusterQuery, QueryOptions } from '../routing/contract.js';
import { Connection, type ConnectionOptions, type SparkSession } from './client/index.js';
import { Meaning } from './meaning.js';
import { opener, SparkPlace } from './place.js';
import { type ClusterCatalogs, sessionProperties } from './properties.js';
import { batchesOf } from './result.js';
import { sourceTables } from './tables.js';
import { NotTranslated, parameterValues, translate } from './translate/index.js';

export interface SparkOptions extends ConnectionOptions {
  /** As it is configured. */
  name: string;
  /** By configured name, as they are configured at the moment. */
  catalogs: () => ClusterCatalogs;
  /** More properties of the catalogs there. */
  catalogProperties: Readonly<Record<string, string>>;
  /** The cluster itself asks for the caller's token. */
  sendsToken: boolean;
}

/** A cluster that speaks Spark Connect. */
export class SparkEngine implements Cluster {
  readonly #options: SparkOptions;
  readonly name: string;
  readonly #connection: Connection;
  readonly #meaning: Meaning;

  constructor(options: SparkOptions) {
    this.#options = options;
    this.name = options.name;
    this.#connection = new Connection(options);
    this.#meaning = new Meaning(options.name);
  }

  open(): ClusterPlace {
    const { name: engine, sendsToken, catalogs, catalogProperties } = this.#options;
    const properties = (token: string) => sessionProperties(catalogs(), token, catalogProperties);
    const place = new SparkPlace(
      opener(this.#connection, { engine, sendsToken, properties, check: (session) => this.#meaning.check(session) }),
    );
    return {
      query: (statement, options) => this.#query(place, statement, options),
      close: () => place.close(),
    };
  }

  /** Text that the cluster runs, or why it can't. */
  #query(place: SparkPlace, statement: BoundStatement, options: QueryOptions): ClusterQuery | string {
    try {
      const sql = translate({
        tree: options.tree,
        tables: sourceTables(statement, this.#options.catalogs()),
        parameters: parameterValues(options.parameters),
        replaced: new Set(statement.functions.flatMap((each) => ('hides' in each ? [] : [each.name.toLowerCase()]))),
        announced: options.schema,
      });
      return new SparkQuery(place, sql, options);
    } catch (error) {
      if (error instanceof NotTranslated) return error.message;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}

class SparkQuery implements ClusterQuery {
  readonly #place: SparkPlace;
  readonly #sql: string;
  readonly #options: QueryOptions;

  constructor(place: SparkPlace, sql: string, options: QueryOptions) {
    this.#place = place;
    this.#sql = sql;
    this.#options = options;
  }

  /** Comes back with the first batch. A session that the cluster has forgotten is opened anew before it. */
  async run(): Promise<ResultStream> {
    try {
      return await this.#start();
    } catch (error) {
      if (!(error instanceof Forgotten)) throw error;
      return this.#start();
    }
  }

  async explain(): Promise<string> {
    const { caller, signal } = this.#options;
    const { session, end } = await this.#place.use(caller);
    try {
      return await session.explain(this.#sql, signal);
    } finally {
      end();
    }
  }

  async #start(): Promise<ResultStream> {
    const { caller, signal, schema, batchBytes, onProgress } = this.#options;
    const stop = new AbortController();
    const { session, end } = await this.#place.use(caller);
    let done = 0;
    onProgress?.(() => done);
    const responses = session.execute(this.#sql, anySignal(signal, stop.signal));
    const batches = batchesOf(responses, {
      schema,
      batchBytes,
      onProgress: (part) => {
        done = part;
      },
    });
    const close = async () => {
      stop.abort();
      await batches.return(undefined).catch(() => undefined);
      end();
    };
    try {
      const first = await batches.next();
      return { schema, batches: withFirst(first, batches, close), close };
    } catch (error) {
      await close();
      throw forgotten(session, signal) ? new Forgotten(error as SkuaError) : error;
    }
  }
}

/** The cluster knew the session no more, before it gave a row. */
class Forgotten extends SkuaError {
  constructor({ code, message }: SkuaError) {
    super(code, message);
  }
}

function forgotten(session: SparkSession, signal: AbortSignal): boolean {
  return session.isForgotten && !signal.aborted;
}

async function* withFirst(
  first: IteratorResult<ColumnarBatch>,
  rest: AsyncGenerator<ColumnarBatch>,
  close: () => Promise<void>,
): AsyncGenerator<ColumnarBatch> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await close();
  }
}
