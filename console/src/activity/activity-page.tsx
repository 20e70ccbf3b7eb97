/** Statements that run and that ran, the person's own, or everybody's for operators; and for operators what the server is made of. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Row } from '../../../src/client/rows.js';
import { rows } from '../data/small.js';
import { sentenceOf } from '../ui/load.js';
import { Sheet, shown } from '../ui/sheet.js';
import { bytesText, count, figure, momentText, timeText } from '../ui/text.js';
import { Operators } from './operators.js';
import { Profile } from './profile.js';

/** Milliseconds between two looks, while the page is seen. */
const LOOK_EVERY = 2000;
const MOST = 200;

const STATEMENTS = `SELECT * FROM system.runtime.queries WHERE id <> '' ORDER BY ended IS NOT NULL, started DESC LIMIT ${MOST}`;

export function ActivityPage() {
  const statements = useSignal<Row[] | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const opened = useSignal<string | undefined>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const stop = new AbortController();
    const look = async () => {
      if (!document.hidden) {
        try {
          statements.value = (await rows(STATEMENTS, stop.signal)).filter((row) => !isOwnLook(row));
          failure.value = undefined;
        } catch (error) {
          if (!stop.signal.aborted) failure.value = sentenceOf(error);
        }
      }
      if (!stop.signal.aborted) timer = setTimeout(look, LOOK_EVERY);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);

  const list = statements.value ?? [];
  const running = list.filter(({ ended }) => ended === null);
  const past = list.filter(({ ended }) => ended !== null);
  const chosen = list.find(({ id }) => id === opened.value);
  const open = (id: string) => {
    opened.value = opened.value === id ? undefined : id;
  };
  return (
    <div class="page-body">
      <h1>Activity</h1>
      {failure.value !== undefined && (
        <p class="failure" role="alert">
          {failure.value}
        </p>
      )}
      <h2>Running</h2>
      <Statements label="Running statements" list={running} empty="Nothing runs." onOpen={open} opened={opened.value} />
      {chosen !== undefined && <Profile key={String(chosen.id)} statement={chosen} />}
      <h2>Past</h2>
      <Statements label="Past statements" list={past} empty="Nothing yet." onOpen={open} opened={opened.value} />
      <Operators />
    </div>
  );
}

/** The page's own looks at the list would be all that there is to see on a quiet server. */
function isOwnLook({ sql }: Row): boolean {
  return typeof sql === 'string' && /\bsystem\.runtime\./.test(sql);
}

interface StatementsProps {
  label: string;
  list: Row[];
  empty: string;
  opened: string | undefined;
  onOpen: (id: string) => void;
}

function Statements({ label, list, empty, opened, onOpen }: StatementsProps) {
  return (
    <Sheet
      label={label}
      rows={list}
      empty={empty}
      columns={[
        { title: 'State', of: (row) => <State row={row} /> },
        {
          title: 'Statement',
          of: (row) => (
            <button type="button" class="link" aria-expanded={opened === row.id} onClick={() => onOpen(String(row.id))}>
              <code>{shortened(row.sql ?? row.statement ?? 'a statement')}</code>
            </button>
          ),
        },
        { title: 'Who', of: ({ user }) => shown(user) },
        { title: 'Began', of: ({ started }) => momentText(shown(started)) },
        { title: 'Took', numeric: true, of: ({ total_ms: total }) => timeText(Number(total ?? 0)) },
        { title: 'Rows', numeric: true, of: (row) => figure(row.rows ?? row.affected_rows, count) },
        { title: 'Bytes', numeric: true, of: ({ bytes }) => figure(bytes, bytesText) },
        { title: 'Stop', of: (row) => (row.ended === null ? <Stop id={String(row.id)} /> : '') },
      ]}
    />
  );
}

function State({ row: { state, error_code: code } }: { row: Row }) {
  const tone = state === 'FAILED' ? ' bad' : state === 'CANCELLED' ? ' warn' : '';
  return <span class={`badge${tone}`}>{code === null ? shown(state).toLowerCase() : shown(code)}</span>;
}

function Stop({ id }: { id: string }) {
  const said = useSignal<string | undefined>(undefined);
  return (
    <>
      <button
        type="button"
        onClick={async () => {
          said.value = 'Stopping …';
          said.value = await rows(`KILL '${id.replaceAll("'", "''")}'`).then(() => 'Stopped', sentenceOf);
        }}
      >
        Stop
      </button>
      {said.value !== undefined && <span class="quiet"> {said.value}</span>}
    </>
  );
}

function shortened(sql: Row[string]): string {
  const text = shown(sql).replace(/\s+/g, ' ').trim();
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
