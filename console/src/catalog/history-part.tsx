/** A table's snapshots, and what lies between two of them. */
import { useSignal } from '@preact/signals';
import type { Row } from '../../../src/client/rows.js';
import { columns, type TableRef } from '../data/catalog.js';
import { quoted, rows } from '../data/small.js';
import { openTab } from '../editor/tabs.js';
import { Show, useLoad } from '../ui/load.js';
import { go } from '../ui/route.js';
import { Sheet, shown } from '../ui/sheet.js';
import { count, momentText } from '../ui/text.js';
import { metadataOf } from './table-page.js';

/** Rows of each kind that a difference shows. */
const SHOWN = 200;

export function HistoryPart(ref: TableRef) {
  const loaded = useLoad(() => metadataOf(ref, 'snapshots'));
  return (
    <Show loaded={loaded} what="snapshots">
      {(snapshots) => <Snapshots table={ref} snapshots={[...snapshots].reverse()} />}
    </Show>
  );
}

function Snapshots({ table, snapshots }: { table: TableRef; snapshots: Row[] }) {
  const picked = useSignal<string[]>(snapshots.slice(0, 2).map(({ snapshot_id: id }) => String(id)));
  const shows = useSignal<{ older: string; newer: string } | undefined>(undefined);
  const pick = (id: string, on: boolean) => {
    picked.value = on ? [...picked.value, id].slice(-2) : picked.value.filter((one) => one !== id);
  };
  const order = snapshots.map(({ snapshot_id: id }) => String(id));
  const [newer, older] = [...picked.value].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  return (
    <>
      <div class="row wrap">
        <button
          type="button"
          disabled={newer === undefined || older === undefined}
          onClick={() => {
            shows.value = { older: older as string, newer: newer as string };
          }}
        >
          Compare the two that are ticked
        </button>
      </div>
      {shows.value !== undefined && (
        <Difference key={`${shows.value.older} ${shows.value.newer}`} table={table} {...shows.value} />
      )}
      <Sheet
        label="Snapshots"
        rows={snapshots}
        empty="The table has no snapshot yet."
        columns={[
          {
            title: 'Compare',
            of: ({ snapshot_id: id }) => (
              <input
                type="checkbox"
                aria-label={`Compare snapshot ${id}`}
                checked={picked.value.includes(String(id))}
                onChange={(event) => pick(String(id), event.currentTarget.checked)}
              />
            ),
          },
          { title: 'When', of: (row) => momentText(shown(row.committed_at)) },
          { title: 'What', of: (row) => <span class="badge">{shown(row.operation)}</span> },
          { title: 'Rows', of: (row) => <Changes summary={row.summary} /> },
          { title: 'Snapshot', of: (row) => <code>{shown(row.snapshot_id)}</code> },
          {
            title: 'As it was',
            of: ({ snapshot_id: id }) => (
              <button
                type="button"
                aria-label={`Query snapshot ${id}`}
                onClick={() => {
                  openTab(
                    `SELECT * FROM ${quoted(table.catalog, table.schema, table.table)} FOR VERSION AS OF ${id} LIMIT 1000;\n`,
                  );
                  go({ page: 'query' });
                }}
              >
                Query
              </button>
            ),
          },
        ]}
      />
    </>
  );
}

/** What the snapshot's summary says of rows. */
function Changes({ summary }: { summary: Row[string] | undefined }) {
  const read = (key: string) => (summary instanceof Map ? summary.get(key) : undefined);
  const figure = (key: string) => Number(read(key) ?? 0);
  return (
    <>
      {figure('added-records') > 0 && <span class="added">+{count(figure('added-records'))} </span>}
      {figure('deleted-records') > 0 && <span class="removed">−{count(figure('deleted-records'))} </span>}
      {figure('added-position-deletes') + figure('added-equality-deletes') > 0 && (
        <span class="removed">−{count(figure('added-position-deletes') + figure('added-equality-deletes'))} </span>
      )}
      {read('total-records') !== undefined && <span class="quiet">of {count(figure('total-records'))}</span>}
    </>
  );
}

interface DifferenceProps {
  table: TableRef;
  older: string;
  newer: string;
}

function Difference({ table, older, newer }: DifferenceProps) {
  const loaded = useLoad(async () => {
    const name = quoted(table.catalog, table.schema, table.table);
    const at = (id: string) => `SELECT * FROM ${name} FOR VERSION AS OF ${id}`;
    // By name, since the columns may have changed their places in between.
    const between = (one: string, other: string) => rows(`(${at(one)}) EXCEPT ALL (${at(other)}) LIMIT ${SHOWN + 1}`);
    const [added, removed, list] = await Promise.all([between(newer, older), between(older, newer), columns(table)]);
    return { added, removed, names: list.map((column) => column.name) };
  });
  return (
    <section aria-label="Difference" class="difference">
      <h2>
        From <code>{older}</code> to <code>{newer}</code>
      </h2>
      <Show loaded={loaded} what="the difference">
        {({ added, removed, names }) => (
          <>
            {(
              [
                ['added', 'Rows that came', added],
                ['removed', 'Rows that went', removed],
              ] as const
            ).map(([kind, title, list]) => (
              <div key={kind}>
                <h3 class={kind}>
                  {title}: {list.length > SHOWN ? `more than ${SHOWN}` : list.length}
                </h3>
                <Sheet
                  label={title}
                  rows={list.slice(0, SHOWN)}
                  empty="None."
                  columns={namesIn(list, names).map((name) => ({ title: name, of: (row: Row) => shown(row[name]) }))}
                />
              </div>
            ))}
          </>
        )}
      </Show>
    </section>
  );
}

/** The columns as the rows have them, which may be those of an older schema. */
function namesIn(list: readonly Row[], names: string[]): string[] {
  return list[0] === undefined ? names : Object.keys(list[0]);
}
