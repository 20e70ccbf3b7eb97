import { useSignal } from '@preact/signals';
import { columns, refreshed, type TableRef } from '../data/catalog.js';
import { quoted, rows } from '../data/small.js';
import { openTab } from '../editor/tabs.js';
import { Show, useLoad } from '../ui/load.js';
import { go } from '../ui/route.js';
import { LoadedSheet, shown } from '../ui/sheet.js';
import { bytesText, count, figure } from '../ui/text.js';
import { HistoryPart } from './history-part.js';
import { Mask } from './tree.js';

const PARTS = ['Columns', 'History', 'Partitions', 'Branches and tags', 'Properties', 'Definition'] as const;
type Part = (typeof PARTS)[number];

export function TablePage(ref: TableRef) {
  const part = useSignal<Part>('Columns');
  const name = quoted(ref.catalog, ref.schema, ref.table);
  return (
    <div class="page-body">
      <div class="row wrap">
        <h1>{ref.table}</h1>
        <span class="quiet">
          {ref.catalog} / {ref.schema}
        </span>
        <span class="grow" />
        <button
          type="button"
          class="primary"
          onClick={() => {
            openTab(`SELECT * FROM ${name} LIMIT 1000;\n`);
            go({ page: 'query' });
          }}
        >
          Query it
        </button>
      </div>
      <Sizes {...ref} />
      <div class="choice big" role="group" aria-label="Show">
        {PARTS.map((title) => (
          <button
            key={title}
            type="button"
            aria-pressed={part.value === title}
            onClick={() => {
              part.value = title;
            }}
          >
            {title}
          </button>
        ))}
      </div>
      <PartOf key={`${part.value} ${refreshed.value}`} part={part.value} table={ref} />
    </div>
  );
}

function PartOf({ part, table }: { part: Part; table: TableRef }) {
  switch (part) {
    case 'Columns':
      return <Columns {...table} />;
    case 'History':
      return <HistoryPart {...table} />;
    case 'Partitions':
      return <Partitions {...table} />;
    case 'Branches and tags':
      return <Refs {...table} />;
    case 'Properties':
      return <Properties {...table} />;
    case 'Definition':
      return <Definition {...table} />;
  }
}

/** The rows of one of the table's metadata tables. */
export function metadataOf(
  { catalog, schema, table }: TableRef,
  kind: string,
  select = '*',
): Promise<Awaited<ReturnType<typeof rows>>> {
  return rows(`SELECT ${select} FROM ${quoted(catalog, schema, `${table}$${kind}`)}`);
}

function Sizes(ref: TableRef) {
  const loaded = useLoad(async () => {
    const [sum] = await metadataOf(
      ref,
      'files',
      'count(*) FILTER (content = 0) AS files, count(*) FILTER (content <> 0) AS deletes, sum(file_size_in_bytes) AS bytes, sum(record_count) FILTER (content = 0) AS records',
    );
    return sum;
  });
  // A view has no files, and who may only read the metadata of some tables learns why below.
  if (loaded.state !== 'there' || loaded.value === undefined) return null;
  const { files, deletes, bytes, records } = loaded.value;
  const facts: [string, string][] = [
    ['Rows in files', count(Number(records ?? 0))],
    ['Size', bytesText(Number(bytes ?? 0))],
    ['Data files', count(Number(files))],
    ['Delete files', count(Number(deletes))],
  ];
  return (
    <dl class="facts">
      {facts.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Columns(ref: TableRef) {
  return (
    <LoadedSheet
      label="Columns"
      load={() => columns(ref)}
      empty="No columns."
      columns={[
        { title: 'Name', of: (column) => <strong>{column.name}</strong> },
        { title: 'Type', of: ({ type }) => <code>{type}</code> },
        { title: 'Nulls', of: ({ nullable }) => (nullable ? 'allowed' : 'never') },
        { title: 'For you', of: (column) => <Mask column={column} /> },
        { title: 'Comment', of: ({ comment }) => comment ?? '' },
      ]}
    />
  );
}

function Partitions(ref: TableRef) {
  return (
    <LoadedSheet
      label="Partitions"
      load={() => metadataOf(ref, 'partitions')}
      empty="No rows yet."
      columns={[
        { title: 'Partition', of: (row) => <code>{shown(row.partition)}</code> },
        { title: 'Rows', numeric: true, of: (row) => figure(row.record_count, count) },
        { title: 'Files', numeric: true, of: (row) => figure(row.file_count, count) },
        { title: 'Size', numeric: true, of: (row) => figure(row.total_data_file_size_in_bytes, bytesText) },
      ]}
    />
  );
}

function Refs(ref: TableRef) {
  return (
    <LoadedSheet
      label="Branches and tags"
      load={() => metadataOf(ref, 'refs')}
      empty="None."
      columns={[
        { title: 'Name', of: (row) => <strong>{shown(row.name)}</strong> },
        { title: 'Kind', of: (row) => shown(row.type).toLowerCase() },
        { title: 'Snapshot', of: (row) => <code>{shown(row.snapshot_id)}</code> },
      ]}
    />
  );
}

function Properties({ catalog, schema, table }: TableRef) {
  return (
    <LoadedSheet
      label="Properties"
      load={() => rows(`SHOW TBLPROPERTIES ${quoted(catalog, schema, table)}`)}
      empty="None."
      columns={[
        { title: 'Property', of: (row) => <code>{shown(row.key)}</code> },
        { title: 'Value', of: (row) => shown(row.value) },
      ]}
    />
  );
}

function Definition({ catalog, schema, table }: TableRef) {
  const loaded = useLoad(() => rows(`SHOW CREATE TABLE ${quoted(catalog, schema, table)}`));
  return (
    <Show loaded={loaded} what="the definition">
      {([row]) => (
        <pre class="plan" role="region" tabIndex={0} aria-label="Definition">
          {shown(row?.create_statement)}
        </pre>
      )}
    </Show>
  );
}
