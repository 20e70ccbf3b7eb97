import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, historyKeymap, history as undoHistory } from '@codemirror/commands';
import { PostgreSQL, SQLDialect, sql } from '@codemirror/lang-sql';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { go } from '../ui/route.js';
import { completeNames } from './completion.js';
import { activeId, changeTab, tabs } from './tabs.js';

/** What DuckDB and Iceberg know beyond PostgreSQL. */
const dialect = SQLDialect.define({
  ...PostgreSQL.spec,
  caseInsensitiveIdentifiers: true,
  keywords: `${PostgreSQL.spec.keywords ?? ''} qualify pivot unpivot exclude asof anti semi describe summarize use explain analyze snapshot branch tag partitioned overwrite merge matched tblproperties version`,
  types: `${PostgreSQL.spec.types ?? ''} hugeint ubigint uinteger usmallint utinyint tinyint struct map list blob timestamptz timestamp_ns`,
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-keyword)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: tags.typeName, color: 'var(--code-type)' },
]);

export const cursorMoved = signal(0);

let view: EditorView | undefined;

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

function stateOf(text: string, run: (all: boolean) => void): EditorState {
  const ran = (all: boolean) => {
    run(all);
    return true;
  };
  return EditorState.create({
    doc: text,
    extensions: [
      EditorView.cspNonce.of(nonce),
      keymap.of([
        { key: 'Mod-Enter', run: () => ran(false), preventDefault: true },
        { key: 'Mod-Shift-Enter', run: () => ran(true), preventDefault: true },
      ]),
      lineNumbers(),
      highlightSpecialChars(),
      highlightActiveLine(),
      undoHistory(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ activateOnTyping: true, icons: false }),
      highlightSelectionMatches(),
      sql({ dialect, upperCaseKeywords: true }),
      dialect.language.data.of({ autocomplete: completeNames }),
      syntaxHighlighting(colours),
      // Tab moves on to the next control, as everywhere on the page.
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'SQL editor', spellcheck: 'false', autocapitalize: 'off' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged || update.selectionSet) cursorMoved.value++;
      }),
    ],
  });
}

export function Editor({ onRun }: { onRun: (all: boolean) => void }) {
  const parent = useRef<HTMLDivElement>(null);
  const shown = useRef<number | undefined>(undefined);
  const id = activeId.value;
  useEffect(() => {
    if (view !== undefined && shown.current !== undefined) changeTab(shown.current, { state: view.state });
    const tab = tabs.value.find((one) => one.id === id);
    const state = tab?.state ?? stateOf(tab?.text ?? '', onRun);
    if (view === undefined) view = new EditorView({ parent: parent.current as HTMLElement, state });
    else view.setState(state);
    shown.current = id;
    cursorMoved.value++;
  }, [id]);
  useEffect(
    () => () => {
      view?.destroy();
      view = undefined;
    },
    [],
  );
  return <div class="editor" ref={parent} />;
}

export function editorText(): { text: string; cursor: number; selection: { from: number; to: number } | undefined } {
  if (view === undefined) return { text: '', cursor: 0, selection: undefined };
  const { main } = view.state.selection;
  return {
    text: view.state.doc.toString(),
    cursor: main.head,
    selection: main.empty ? undefined : { from: main.from, to: main.to },
  };
}

/** Puts a text where the cursor is, in place of what is selected. */
export function insertText(text: string): void {
  go({ page: 'query' });
  requestAnimationFrame(() => {
    view?.dispatch(view.state.replaceSelection(text));
    view?.focus();
  });
}

export function focusEditor(): void {
  view?.focus();
}

/** Marks where a statement failed; without a place, nothing. */
export function markFailure(from: number | undefined, message = ''): void {
  if (view === undefined) return;
  const diagnostics: Diagnostic[] = [];
  if (from !== undefined && from <= view.state.doc.length) {
    const word = /^[\p{L}\p{N}_$."]+/u.exec(view.state.sliceDoc(from, from + 100))?.[0].length ?? 1;
    diagnostics.push({ from, to: Math.min(from + word, view.state.doc.length), severity: 'error', message });
  }
  view.dispatch(setDiagnostics(view.state, diagnostics));
}
