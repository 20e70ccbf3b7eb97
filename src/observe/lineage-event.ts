/** OpenLineage events (openlineage.io, specification 2-0-2): which tables a statement read and wrote, and which columns of them. */
import {
  type ColumnLineage,
  displayName,
  type InputField,
  type StatementEntry,
  type TouchedEntry,
} from '../query/index.js';

export interface EventOptions {
  /** Of the jobs. */
  namespace: string;
  /** Of the tables of a catalog: its address. */
  datasetNamespace(catalog: string): string;
  version: string;
}

const SCHEMA = 'https://openlineage.io/spec';

const TYPES = { FINISHED: 'COMPLETE', CANCELLED: 'ABORT' } as Partial<Record<StatementEntry['state'], string>>;

/** `traced` is what the columns that the statement wrote are made of, as far as it is known. */
export function runEvent(entry: StatementEntry, traced: readonly ColumnLineage[], options: EventOptions): object {
  const facets = facetsBy(options.version);
  const [inputs, outputs] = [entry.tables.filter(isRead), entry.tables.filter((table) => !isRead(table))];
  const target = outputs[0]?.table;
  const named = fieldsByTable(traced);
  const input = (table: string, { columns, snapshot }: Pick<TouchedEntry, 'columns' | 'snapshot'>) => ({
    ...identityOf(table, options),
    facets: {
      ...facets.schema(new Set([...(columns ?? []), ...(named.get(table) ?? [])])),
      ...facets.version(snapshot),
    },
  });
  const read = distinct(inputs);
  const others = [...named.keys()].filter((table) => !read.some((one) => one.table === table));
  return {
    eventTime: new Date(entry.ended ?? entry.started).toISOString(),
    eventType: TYPES[entry.state] ?? 'FAIL',
    producer: facets.producer,
    schemaURL: `${SCHEMA}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: {
      runId: entry.id,
      facets: facets.of('processing_engine', '1-1-1/ProcessingEngineRunFacet.json', {
        name: 'skua',
        version: options.version,
      }),
    },
    job: {
      namespace: options.namespace,
      name: [entry.statement ?? 'statement', target].filter(Boolean).join(' '),
      facets: facets.of('jobType', '2-0-3/JobTypeJobFacet.json', {
        processingType: 'BATCH',
        integration: 'SKUA',
        jobType: 'QUERY',
      }),
    },
    inputs: [...read.map((one) => input(one.table, one)), ...others.map((table) => input(table, {}))],
    outputs: distinct(outputs).map(({ table, snapshot }) => {
      const columns = traced.find((one) => displayName(one.table) === table);
      return {
        ...identityOf(table, options),
        facets: {
          ...(columns && { ...facets.schema(columns.schema), ...facets.columnLineage(columns, options) }),
          ...facets.version(snapshot),
        },
      };
    }),
  };
}

/** Facets by their names, each with who made it and the schema that it follows. */
function facetsBy(version: string) {
  const producer = `urn:skua:${version}`;
  const of = (name: string, schema: string, content: object) => ({
    [name]: { _producer: producer, _schemaURL: `${SCHEMA}/facets/${schema}`, ...content },
  });
  return {
    producer,
    of,
    schema: (columns: Iterable<string>) =>
      of('schema', '1-1-1/SchemaDatasetFacet.json', { fields: [...columns].map((name) => ({ name })) }),
    version: (snapshot: string | undefined) =>
      snapshot === undefined
        ? {}
        : of('version', '1-0-1/DatasetVersionDatasetFacet.json', { datasetVersion: snapshot }),
    /** Columns of which nothing is certain are left out, and so is what is not certain of the rows. */
    columnLineage: ({ fields, rows }: ColumnLineage, options: EventOptions) => {
      const input = (field: InputField) => inputField(field, options);
      const known = fields.flatMap(({ name, inputs }) => (inputs ? [[name, { inputFields: inputs.map(input) }]] : []));
      if (known.length === 0 && rows === undefined) return {};
      return of('columnLineage', '1-2-0/ColumnLineageDatasetFacet.json', {
        fields: Object.fromEntries(known),
        ...(rows && { dataset: rows.map(input) }),
      });
    },
  };
}

function inputField({ catalog, dataset, field, transformations }: InputField, options: EventOptions) {
  return { namespace: options.datasetNamespace(catalog), name: dataset, field, transformations };
}

/** `table` is `catalog.schema.table`. */
function identityOf(table: string, { datasetNamespace }: EventOptions) {
  const end = table.indexOf('.');
  return { namespace: datasetNamespace(table.slice(0, end)), name: table.slice(end + 1) };
}

/** The columns that columns are made of, by table: also of metadata tables, and of what earlier statements of a transaction read. */
function fieldsByTable(traced: readonly ColumnLineage[]): Map<string, Set<string>> {
  const byTable = new Map<string, Set<string>>();
  const inputs = traced.flatMap(({ fields, rows = [] }) => [...fields.flatMap((field) => field.inputs ?? []), ...rows]);
  for (const { catalog, dataset, field } of inputs) {
    const table = `${catalog}.${dataset}`;
    byTable.set(table, (byTable.get(table) ?? new Set()).add(field));
  }
  return byTable;
}

function isRead({ access }: TouchedEntry): boolean {
  return access === 'read';
}

/** The last of each table: a statement that defines and fills one touches it twice. */
function distinct(tables: readonly TouchedEntry[]): TouchedEntry[] {
  return [...new Map(tables.map((table) => [table.table, table])).values()];
}
