import type { EditorState } from '@codemirror/state';
import { computed, signal } from '@preact/signals';
import { forgetSession, type Run } from './run.js';

export interface Tab {
  id: number;
  title: string;
  /** The text with its own undo history and cursor; undefined until it is first shown. */
  state: EditorState | undefined;
  text: string;
  parameters: string[];
  run: Run | undefined;
}

let last = 0;

function tab(text = ''): Tab {
  last++;
  return { id: last, title: `Query ${last}`, state: undefined, text, parameters: [], run: undefined };
}

export const tabs = signal<Tab[]>([tab('SHOW TABLES;\n')]);
export const activeId = signal(1);
export const active = computed(() => tabs.value.find(({ id }) => id === activeId.value) ?? (tabs.value[0] as Tab));

export function changeTab(id: number, change: Partial<Tab>): void {
  tabs.value = tabs.value.map((one) => (one.id === id ? { ...one, ...change } : one));
}

export function openTab(text?: string): void {
  const opened = tab(text);
  tabs.value = [...tabs.value, opened];
  activeId.value = opened.id;
}

export function closeTab(id: number): void {
  const index = tabs.value.findIndex((one) => one.id === id);
  tabs.value[index]?.run?.drop();
  const rest = tabs.value.filter((one) => one.id !== id);
  tabs.value = rest.length > 0 ? rest : [tab()];
  if (activeId.value === id) activeId.value = (tabs.value[Math.max(0, index - 1)] as Tab).id;
}

/** Nothing of one person stays for the next. */
export function forgetTabs(): void {
  for (const { run } of tabs.value) run?.drop();
  forgetSession();
  const first = tab('SHOW TABLES;\n');
  tabs.value = [first];
  activeId.value = first.id;
}
