import { useSignal } from '@preact/signals';
import type { FileFormat } from '../data/messages.js';
import { ask, file } from '../data/worker-link.js';
import type { Run } from '../editor/run.js';
import { Icon } from '../ui/icons.js';
import { sentenceOf } from '../ui/load.js';
import { PlanView } from '../ui/plan-tree.js';
import { bytesText, count, rowsText, timeText } from '../ui/text.js';
import { Chart } from './chart.js';
import { Grid } from './grid.js';

const FORMATS: { format: FileFormat; title: string }[] = [
  { format: 'csv', title: 'CSV' },
  { format: 'parquet', title: 'Parquet' },
  { format: 'arrow', title: 'Arrow' },
  { format: 'json', title: 'JSON' },
];

export function ResultPanel({ run }: { run: Run | undefined }) {
  if (run === undefined) {
    return (
      <section class="result empty" aria-label="Result">
        <p class="quiet">
          Results appear here. <kbd>Ctrl ↵</kbd> runs the statement at the cursor, <kbd>Ctrl ⇧ ↵</kbd> all of them.
        </p>
      </section>
    );
  }
  return <Result key={run.id} run={run} />;
}

function Result({ run }: { run: Run }) {
  const shows = useSignal<'rows' | 'chart'>('rows');
  const { status, columns, failure, cutAt } = run;
  const isThere = columns.value !== undefined && !run.isChange;
  const isPlan = columns.value?.length === 1 && columns.value[0]?.name === 'plan';
  return (
    <section class="result" aria-label="Result">
      <div class="result-bar">
        <p class="status" role="status">
          <State run={run} />
        </p>
        <span class="grow" />
        {isThere && !isPlan && (
          <>
            <Filter run={run} />
            <span class="choice" role="group" aria-label="Show as">
              {(['rows', 'chart'] as const).map((kind) => (
                <button
                  key={kind}
                  type="button"
                  aria-pressed={shows.value === kind}
                  onClick={() => {
                    shows.value = kind;
                  }}
                >
                  {kind === 'rows' ? 'Rows' : 'Chart'}
                </button>
              ))}
            </span>
            <Download run={run} />
          </>
        )}
      </div>
      {status.value === 'running' && <div class="activity" aria-hidden="true" />}
      {failure.value !== undefined && (
        <p class={status.value === 'stopped' ? 'notice pad' : 'failure pad'} role="alert">
          {status.value === 'stopped' ? 'Stopped.' : `${failure.value.code}: ${failure.value.message}`}
          {run.rows.value > 0 && ` The ${rowsText(run.rows.value)} below came before; the result is not whole.`}
        </p>
      )}
      {cutAt.value !== undefined && (
        <p class="notice pad" role="alert">
          This tab has no room for more: these are the first {rowsText(cutAt.value)}, the result has more.
        </p>
      )}
      {run.isChange && status.value === 'done' && <p class="pad quiet">The statement has been carried out.</p>}
      {isPlan && <Plan run={run} />}
      {isThere && !isPlan && (shows.value === 'rows' ? <Grid run={run} /> : <Chart run={run} />)}
    </section>
  );
}

function State({ run }: { run: Run }) {
  const { status, rows, bytes, elapsed, planned } = run;
  const figures = `${rowsText(rows.value)} · ${bytesText(bytes.value)} · ${timeText(elapsed.value)}`;
  switch (status.value) {
    case 'running':
      return <>{planned.value === undefined ? 'Planning …' : `Running … ${figures}`}</>;
    case 'done':
      if (run.isChange) return <ChangeCount run={run} />;
      return (
        <>
          <strong>{rowsText(rows.value)}</strong> · {bytesText(bytes.value)} · first after{' '}
          {timeText(planned.value ?? 0)}, all after {timeText(elapsed.value)}
        </>
      );
    case 'stopped':
      return <>Stopped · {figures}</>;
    case 'failed':
      return <>Failed after {timeText(elapsed.value)}</>;
  }
}

function ChangeCount({ run }: { run: Run }) {
  const affected = useSignal<string | null | undefined>(undefined);
  if (affected.value === undefined) {
    void ask({ kind: 'cell', id: run.id, row: 0, column: 0 }).then((value) => {
      affected.value = value;
    });
  }
  return (
    <>
      <strong>{affected.value === null ? 'Done' : `${rowsText(Number(affected.value ?? 0))} affected`}</strong> ·{' '}
      {timeText(run.elapsed.value)}
    </>
  );
}

function Filter({ run }: { run: Run }) {
  const busy = useSignal(false);
  const { status, filter } = run;
  return (
    <span class="filter">
      <label class="sr" for={`filter-${run.id}`}>
        Filter the rows that are here
      </label>
      <input
        id={`filter-${run.id}`}
        type="search"
        placeholder={busy.value ? 'Filtering …' : 'Filter rows'}
        disabled={status.value === 'running'}
        onChange={async (event) => {
          filter.value = event.currentTarget.value;
          busy.value = true;
          await arrange(run);
          busy.value = false;
        }}
      />
      {filter.value !== '' && <span class="quiet">{count(run.shown.value)} left</span>}
    </span>
  );
}

/** Puts filter and order into effect. */
export async function arrange(run: Run): Promise<void> {
  const { id, filter, sort } = run;
  try {
    const shown = await ask({ kind: 'arrange', id, filter: filter.value, sort: sort.value });
    // The order may have changed without the number.
    run.shown.value = shown;
    run.arranged.value++;
  } catch {
    // A later filter or order took its place.
  }
}

function Download({ run }: { run: Run }) {
  const busy = useSignal<string | undefined>(undefined);
  const failed = useSignal<string | undefined>(undefined);
  const save = async (format: FileFormat) => {
    busy.value = format;
    failed.value = undefined;
    try {
      const url = URL.createObjectURL(await file(run.id, format));
      const link = document.createElement('a');
      link.href = url;
      link.download = `result.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      failed.value = sentenceOf(error);
    }
    busy.value = undefined;
  };
  return (
    <span class="choice" role="group" aria-label="Download">
      <Icon name="down" />
      {FORMATS.map(({ format, title }) => (
        <button
          key={format}
          type="button"
          aria-label={`Download ${title}`}
          disabled={run.status.value === 'running' || busy.value !== undefined}
          onClick={() => save(format)}
        >
          {busy.value === format ? '…' : title}
        </button>
      ))}
      {failed.value !== undefined && (
        <span class="failure" role="alert">
          {failed.value}
        </span>
      )}
    </span>
  );
}

/** What EXPLAIN answered. */
function Plan({ run }: { run: Run }) {
  const text = useSignal<string | undefined>(undefined);
  if (run.status.value === 'done' && text.value === undefined) {
    void ask({ kind: 'rows', id: run.id, from: 0, to: run.rows.value }).then((rows) => {
      text.value = rows.map(([line]) => line ?? '').join('\n');
    });
  }
  return <PlanView text={text.value ?? ''} />;
}
