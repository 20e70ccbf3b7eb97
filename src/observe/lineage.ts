/** OpenLineage events (openlineage.io, specification 2-0-2): which tables each statement read and wrote, and which columns of them. */
import {
  type ColumnLineage,
  displayName,
  type InputField,
  type StatementEntry,
  type TouchedEntry,
} from '../query/index.js';
import { RotatingFile } from './rotating-file.js';

export interface LineageOptions {
  /** Where events are POSTed to, and the key that is sent as bearer token; or a file, a JSON object a line. */
  url?: string | undefined;
  apiKey?: string | undefined;
  file?: string | undefined;
  /** Of the jobs. */
  namespace: string;
  /** Of the tables of a catalog: its address. */
  datasetNamespace(catalog: string): string;
  version: string;
  onError(error: unknown): void;
}

/** Events that wait to be sent; with more, the oldest are lost. */
const MOST_WAITING = 1000;
const SEND_TIMEOUT = 10_000;
const LARGEST_FILE = 64 * 2 ** 20;
const SCHEMA = 'https://openlineage.io/spec';

export class Lineage {
  readonly #options: LineageOptions;
  readonly #file: RotatingFile | undefined;
  #waiting: object[] = [];
  #sending: Promise<void> | undefined;
  /** Events that wait for the lineage of their columns. */
  readonly #traced = new Set<Promise<void>>();

  constructor(options: LineageOptions) {
    this.#options = options;
    const { file, onError } = options;
    if (file !== undefined) this.#file = new RotatingFile({ path: file, largest: LARGEST_FILE, kept: 1, onError });
  }

  /** Events of statements that touched tables; of others there are none. `columns` is what those that it wrote are made of. */
  statement(entry: StatementEntry, columns?: Promise<readonly ColumnLineage[]>): void {
    if (entry.tables.length === 0) return;
    if (columns === undefined) {
      this.#send(runEvent(entry, [], this.#options));
      return;
    }
    const traced = columns
      .then((found) => this.#send(runEvent(entry, found, this.#options)))
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => this.#traced.delete(traced));
    this.#traced.add(traced);
  }

  #send(event: object): void {
    this.#file?.write(JSON.stringify(event));
    if (this.#options.url === undefined) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#sending ??= this.#sendAll(this.#options.url).finally(() => {
      this.#sending = undefined;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#traced);
    await this.#file?.flush();
    await this.#sending;
  }

  /** What can't be sent is told and left out: lineage never holds up a statement. */
  async #sendAll(url: string): Promise<void> {
    const { apiKey, onError } = this.#options;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          },
          body: JSON.stringify(event),
          redirect: 'error',
          signal: AbortSignal.timeout(SEND_TIMEOUT),
        });
        await response.body?.cancel();
        if (!response.ok) onError(new Error(`answered with status ${response.status}`));
      } catch (error) {
        onError(error);
      }
    }
  }
}

const TYPES = { FINISHED: 'COMPLETE', CANCELLED: 'ABORT' } as Partial<Record<StatementEntry['state'], string>>;

function runEvent(entry: StatementEntry, traced: readonly ColumnLineage[], options: LineageOptions): object {
  const producer = `urn:skua:${options.version}`;
  const facet = (name: string, schema: string, content: object) => ({
    [name]: { _producer: producer, _schemaURL: `${SCHEMA}/facets/${schema}`, ...content },
  });
  const dataset = (touched: TouchedEntry, facets: object) => ({
    namespace: options.datasetNamespace(touched.table.slice(0, touched.table.indexOf('.'))),
    name: touched.table.slice(touched.table.indexOf('.') + 1),
    facets: {
      ...facets,
      ...(touched.snapshot === undefined
        ? {}
        : facet('version', '1-0-1/DatasetVersionDatasetFacet.json', { datasetVersion: touched.snapshot })),
    },
  });
  const columns = (touched: TouchedEntry) =>
    facet('schema', '1-1-1/SchemaDatasetFacet.json', {
      fields: (touched.columns ?? []).map((name) => ({ name })),
    });
  const columnFacet = ({ fields, rows }: ColumnLineage) => {
    const known = fields.flatMap(({ name, inputs }) => (inputs ? [[name, { inputFields: inputs.map(input) }]] : []));
    if (known.length === 0 && rows === undefined) return {};
    return facet('columnLineage', '1-2-0/ColumnLineageDatasetFacet.json', {
      fields: Object.fromEntries(known),
      ...(rows && { dataset: rows.map(input) }),
    });
  };
  const input = ({ catalog, dataset: name, field, transformations }: InputField) => ({
    namespace: options.datasetNamespace(catalog),
    name,
    field,
    transformations,
  });
  const [inputs, outputs] = [entry.tables.filter(isRead), entry.tables.filter((table) => !isRead(table))];
  const target = outputs[0]?.table;
  return {
    eventTime: new Date(entry.ended ?? entry.started).toISOString(),
    eventType: TYPES[entry.state] ?? 'FAIL',
    producer,
    schemaURL: `${SCHEMA}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: {
      runId: entry.id,
      facets: facet('processing_engine', '1-1-1/ProcessingEngineRunFacet.json', {
        name: 'skua',
        version: options.version,
      }),
    },
    job: {
      namespace: options.namespace,
      name: [entry.statement ?? 'statement', target].filter(Boolean).join(' '),
      facets: facet('jobType', '2-0-3/JobTypeJobFacet.json', {
        processingType: 'BATCH',
        integration: 'SKUA',
        jobType: 'QUERY',
      }),
    },
    inputs: distinct(inputs).map((table) => dataset(table, columns(table))),
    outputs: distinct(outputs).map((table) => {
      const columns = traced.find((one) => displayName(one.table) === table.table);
      return dataset(table, columns ? columnFacet(columns) : {});
    }),
  };
}

function isRead({ access }: TouchedEntry): boolean {
  return access === 'read';
}

/** The last of each table: a statement that defines and fills one touches it twice. */
function distinct(tables: readonly TouchedEntry[]): TouchedEntry[] {
  return [...new Map(tables.map((table) => [table.table, table])).values()];
}
