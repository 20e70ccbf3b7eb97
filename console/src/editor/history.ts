/** The statements of this browser's person, newest first. They may hold literals, so they can be forgotten. */
import { signal } from '@preact/signals';
import { claims } from '../session/session.js';

export interface Remembered {
  sql: string;
  at: string;
  status: string;
  elapsed: number;
}

const MOST = 200;
export const history = signal<Remembered[]>([]);

const key = () => `skua-history ${claims.value.iss ?? ''} ${claims.value.sub ?? ''}`;

export function loadHistory(): void {
  try {
    history.value = JSON.parse(localStorage.getItem(key()) ?? '[]') as Remembered[];
  } catch {
    history.value = [];
  }
}

export function remember(entry: Remembered): void {
  history.value = [entry, ...history.value.filter(({ sql }) => sql !== entry.sql)].slice(0, MOST);
  localStorage.setItem(key(), JSON.stringify(history.value));
}

export function forgetHistory(): void {
  history.value = [];
  localStorage.removeItem(key());
}
