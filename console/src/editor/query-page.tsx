import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ResultPanel } from '../results/result-panel.js';
import { Icon } from '../ui/icons.js';
import { route } from '../ui/route.js';
import { momentText, timeText } from '../ui/text.js';
import { cursorMoved, Editor, editorText, focusEditor, markFailure } from './editor.js';
import { forgetHistory, history, loadHistory } from './history.js';
import { Run } from './run.js';
import { parameterCount, parameterOf, placeOf, type Span, statementAt, statementSpans } from './statements.js';
import { active, activeId, changeTab, closeTab, openTab, tabs } from './tabs.js';

export function QueryPage() {
  useEffect(loadHistory, []);
  const showsHistory = useSignal(false);
  void cursorMoved.value;
  const { text, cursor, selection } = editorText();
  const span = selection ?? statementAt(text, cursor);
  const wanted = span === undefined ? 0 : parameterCount(text.slice(span.from, span.to));
  const { run, parameters } = active.value;
  const isRunning = run?.status.value === 'running';

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (route.value.page !== 'query') return;
      if (event.key === 'Escape' && active.value.run?.status.value === 'running') active.value.run.stop();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <div class="query">
      <h1 class="sr">Query</h1>
      <Tabs />
      <div class="toolbar" role="toolbar" aria-label="Statement">
        {isRunning ? (
          <button type="button" class="danger" onClick={() => run?.stop()}>
            <Icon name="stop" /> Stop <kbd>Esc</kbd>
          </button>
        ) : (
          <button type="button" class="primary" onClick={() => execute(false)}>
            <Icon name="run" /> Run <kbd>Ctrl ↵</kbd>
          </button>
        )}
        <button type="button" disabled={isRunning} onClick={() => explain()}>
          Explain
        </button>
        <button
          type="button"
          aria-expanded={showsHistory.value}
          onClick={() => {
            showsHistory.value = !showsHistory.value;
          }}
        >
          History
        </button>
        {Array.from({ length: wanted }, (_, index) => (
          <label key={index} class="parameter">
            <span>${index + 1}</span>
            <input
              type="text"
              value={parameters[index] ?? ''}
              placeholder="5, 'text', null"
              onInput={(event) => {
                const next = [...active.value.parameters];
                next[index] = event.currentTarget.value;
                changeTab(activeId.value, { parameters: next });
              }}
            />
          </label>
        ))}
      </div>
      {showsHistory.value && <History />}
      <Editor onRun={(all) => execute(all)} />
      <ResultPanel run={run} />
    </div>
  );
}

function Tabs() {
  return (
    <div class="tabs" role="group" aria-label="Queries">
      {tabs.value.map(({ id, title, run }) => (
        <span key={id} class={`tab${id === active.value.id ? ' active' : ''}`}>
          <button
            type="button"
            aria-pressed={id === active.value.id}
            onClick={() => {
              activeId.value = id;
            }}
          >
            {run?.status.value === 'running' && <span class="dot" aria-hidden="true" />}
            {title}
          </button>
          <button type="button" class="plain" aria-label={`Close ${title}`} onClick={() => closeTab(id)}>
            <Icon name="close" />
          </button>
        </span>
      ))}
      <button type="button" class="plain" aria-label="New query" onClick={() => openTab()}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

function History() {
  return (
    <section class="history" aria-label="History">
      <div class="row">
        <strong>Your statements in this browser</strong>
        <span class="grow" />
        <button type="button" onClick={forgetHistory} disabled={history.value.length === 0}>
          Forget them
        </button>
      </div>
      {history.value.length === 0 && <p class="quiet">None yet.</p>}
      <ul>
        {history.value.map(({ sql, at, status, elapsed }) => (
          <li key={at + sql}>
            <button type="button" onClick={() => openTab(`${sql};\n`)}>
              <code>{sql}</code>
              <span class="quiet">
                {momentText(at)} · {status} · {timeText(elapsed)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Runs what is selected, the statement at the cursor, or all of them one after the other until one fails. */
function execute(all: boolean): void {
  const { text, cursor, selection } = editorText();
  const at = selection ?? statementAt(text, cursor);
  const spans = all ? statementSpans(text) : at === undefined ? [] : [at];
  runNext(activeId.value, text, spans);
}

function explain(): void {
  const { text, cursor, selection } = editorText();
  const span = selection ?? statementAt(text, cursor);
  if (span === undefined) return;
  const prefix = 'EXPLAIN (FORMAT json) ';
  start(activeId.value, prefix + text.slice(span.from, span.to), span.from - prefix.length, () => undefined);
}

function runNext(id: number, text: string, [span, ...rest]: Span[]): void {
  if (span === undefined) {
    focusEditor();
    return;
  }
  start(id, text.slice(span.from, span.to), span.from, (run) => {
    if (run.status.value === 'done') runNext(id, text, rest);
  });
}

function start(id: number, sql: string, from: number, onEnd: (run: Run) => void): void {
  const tab = tabs.value.find((one) => one.id === id);
  if (tab === undefined || tab.run?.status.value === 'running') return;
  tab.run?.drop();
  markFailure(undefined);
  const values = Array.from({ length: parameterCount(sql) }, (_, index) =>
    parameterOf(tab.parameters[index] ?? 'null'),
  );
  const run = new Run(sql, values, from, (ended) => {
    const { failure } = ended;
    const place = failure.value === undefined ? undefined : placeOf(failure.value.message, sql);
    if (place !== undefined && activeId.value === id) markFailure(from + place, failure.value?.message);
    onEnd(ended);
  });
  changeTab(id, { run });
}
