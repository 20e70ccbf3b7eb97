/** What one statement did: its phases as a waterfall, and what it read of each table. */
import { useSignal } from '@preact/signals';
import type { Row } from '../../../src/client/rows.js';
import { rows } from '../data/small.js';
import { openTab } from '../editor/tabs.js';
import { Show, useLoad } from '../ui/load.js';
import { go } from '../ui/route.js';
import { Sheet, shown } from '../ui/sheet.js';
import { bytesText, count, figure, timeText } from '../ui/text.js';
import { Plan } from './plan.js';
import { Ran } from './ran.js';

export function Profile({ statement }: { statement: Row }) {
  const { id, sql, error } = statement;
  const ended = useSignal(statement.ended);
  // Asked for again once the statement has ended.
  if (ended.value !== statement.ended) ended.value = statement.ended;
  const loaded = useLoad(async () => {
    void ended.value;
    const of = (table: string) =>
      rows(`SELECT * FROM system.runtime.${table} WHERE id = '${String(id).replaceAll("'", "''")}'`);
    const [phases, scans, operators] = await Promise.all([of('profiles'), of('scans'), of('operators')]);
    return { phases, scans, operators };
  });
  return (
    <section class="difference" aria-label="Profile">
      {typeof sql === 'string' && (
        <>
          <pre role="region" tabIndex={0} aria-label="Statement">
            {sql}
          </pre>
          <p class="row">
            <button
              type="button"
              onClick={() => {
                openTab(`${sql};\n`);
                go({ page: 'query' });
              }}
            >
              Open it as a query
            </button>
          </p>
        </>
      )}
      {typeof error === 'string' && (
        <p class="failure">
          {shown(statement.error_code)}: {error}
        </p>
      )}
      <Show loaded={loaded} what="the profile">
        {({ phases, scans, operators }) => (
          <>
            <Waterfall phases={phases} />
            <Sheet
              label="What was read"
              rows={scans}
              empty="It touched no table."
              columns={[
                { title: 'Table', of: ({ table }) => <strong>{shown(table)}</strong> },
                { title: 'Access', of: ({ access }) => shown(access) },
                { title: 'Snapshot', of: (scan) => <code>{shown(scan.snapshot_id)}</code> },
                {
                  title: 'Columns',
                  of: ({ columns }) => (Array.isArray(columns) ? columns.map(shown).join(', ') : '–'),
                },
                { title: 'Files', numeric: true, of: (scan) => part(scan.files_planned, scan.files) },
                { title: 'Left out', of: ({ pruned }) => shown(pruned) },
                { title: 'Row groups', numeric: true, of: (scan) => skipped(scan) },
                { title: 'From the store', numeric: true, of: (scan) => figure(scan.bytes_fetched, bytesText) },
                { title: 'From the cache', numeric: true, of: (scan) => figure(scan.bytes_cached, bytesText) },
              ]}
            />
            <Ran operators={operators} spilled={statement.spilled_bytes} />
          </>
        )}
      </Show>
      {statement.statement === 'SELECT' && typeof sql === 'string' && !sql.endsWith('…') && <Plan sql={sql} />}
    </section>
  );
}

function Waterfall({ phases }: { phases: Row[] }) {
  const end = Math.max(1, ...phases.map(({ from_ms: from, ms }) => Number(from) + Number(ms)));
  return (
    <Sheet
      label="Phases"
      rows={phases}
      empty="No phase has been measured."
      columns={[
        { title: 'Phase', of: ({ phase }) => shown(phase) },
        { title: 'Took', numeric: true, of: ({ ms }) => timeText(Number(ms)) },
        {
          title: 'When',
          of: ({ from_ms: from, ms }) => (
            <div class="fall" aria-hidden="true">
              <span
                style={{
                  marginLeft: `${(Number(from) / end) * 100}%`,
                  width: `max(2px, ${(Number(ms) / end) * 100}%)`,
                }}
              />
            </div>
          ),
        },
      ]}
    />
  );
}

function part(some: Row[string] | undefined, all: Row[string] | undefined): string {
  return some === null || some === undefined ? '–' : `${count(Number(some))} of ${count(Number(all ?? 0))}`;
}

function skipped({ row_groups: all, row_groups_skipped: left }: Row): string {
  return all === null || all === undefined ? '–' : `${count(Number(all) - Number(left ?? 0))} of ${count(Number(all))}`;
}
