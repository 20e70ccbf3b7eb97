/** Figures for people. */
import type { Value } from '../../../src/client/rows.js';

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function rowsText(value: number): string {
  return `${count(value)} ${value === 1 ? 'row' : 'rows'}`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export function timeText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment that the server gave as ISO 8601, in the person's own time. */
export function momentText(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** A number of a result, written by `format`; a dash where there is none. */
export function figure(value: Value | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(Number(value));
}
