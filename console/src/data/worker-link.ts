/** The page's end of the worker. */
import type { Answers, Event, FileFormat, Question, RunRequest } from './messages.js';

type StatementEvent = Exclude<Event, { kind: 'answer' | 'refusal' }>;

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const listeners = new Map<number, (event: StatementEvent) => void>();
const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let lastId = 0;
let lastCall = 0;

worker.addEventListener('message', ({ data }: MessageEvent<Event>) => {
  if (data.kind === 'answer') calls.get(data.call)?.resolve(data.value);
  else if (data.kind === 'refusal') calls.get(data.call)?.reject(new Error(data.message));
  else {
    listeners.get(data.id)?.(data);
    return;
  }
  calls.delete(data.call);
});

/** Sends a statement; the number by which its rows are asked for. */
export function run(request: Omit<RunRequest, 'kind' | 'id'>, listen: (event: StatementEvent) => void): number {
  const id = ++lastId;
  listeners.set(id, listen);
  worker.postMessage({ ...request, kind: 'run', id });
  return id;
}

export function stop(id: number): void {
  worker.postMessage({ kind: 'stop', id });
}

/** Forgets the rows. */
export function drop(id: number): void {
  listeners.delete(id);
  worker.postMessage({ kind: 'drop', id });
}

export function ask<K extends Question['kind']>(question: Extract<Question, { kind: K }>): Promise<Answers[K]> {
  const call = ++lastCall;
  return new Promise((resolve, reject) => {
    calls.set(call, { resolve: resolve as (value: unknown) => void, reject });
    worker.postMessage({ ...question, call });
  });
}

export function file(id: number, format: FileFormat): Promise<Blob> {
  return ask({ kind: 'file', id, format });
}
