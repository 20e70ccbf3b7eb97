import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { messageOf, SkuaError } from '../../../src/errors.js';

export type Loaded<T> = { state: 'loading' } | { state: 'there'; value: T } | { state: 'failed'; message: string };

/** Loads, and loads again when a signal that `load` reads before it waits has changed. */
export function useLoad<T>(load: () => Promise<T>): Loaded<T> {
  const loaded = useSignal<Loaded<T>>({ state: 'loading' });
  useSignalEffect(() => {
    let isCurrent = true;
    const set = (next: Loaded<T>) => {
      if (isCurrent) loaded.value = next;
    };
    load().then(
      (value) => set({ state: 'there', value }),
      (error) => set({ state: 'failed', message: sentenceOf(error) }),
    );
    return () => {
      isCurrent = false;
    };
  });
  return loaded.value;
}

export function sentenceOf(error: unknown): string {
  return error instanceof SkuaError ? `${error.code}: ${error.message}` : messageOf(error);
}

interface ShowProps<T> {
  loaded: Loaded<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}

export function Show<T>({ loaded, what, children }: ShowProps<T>) {
  if (loaded.state === 'loading') return <p class="quiet pad">Loading {what} …</p>;
  if (loaded.state === 'failed') return <p class="failure pad">{loaded.message}</p>;
  return <>{children(loaded.value)}</>;
}
