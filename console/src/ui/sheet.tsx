import type { Value } from '../../../src/client/rows.js';
import { Show, useLoad } from './load.js';

/** A small table of values. */
export interface SheetColumn<T> {
  title: string;
  numeric?: boolean;
  of: (row: T) => preact.ComponentChildren;
}

interface SheetProps<T> {
  label: string;
  columns: SheetColumn<T>[];
  rows: readonly T[];
  empty: string;
}

export function Sheet<T>({ label, columns, rows, empty }: SheetProps<T>) {
  if (rows.length === 0) return <p class="quiet pad">{empty}</p>;
  return (
    // Wide tables scroll on their own, also by keyboard.
    <div class="sheet" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" class={numeric ? 'numeric' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map(({ title, numeric, of }) => (
                <td key={title} class={numeric ? 'numeric' : undefined}>
                  {of(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A table of rows that are loaded; `label` is also what is said to be loading. */
export function LoadedSheet<T>({
  load,
  ...sheet
}: Omit<SheetProps<T>, 'rows'> & { load: () => Promise<readonly T[]> }) {
  const loaded = useLoad(load);
  return (
    <Show loaded={loaded} what={sheet.label.toLowerCase()}>
      {(rows) => <Sheet {...sheet} rows={rows} />}
    </Show>
  );
}

export function shown(value: Value | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'object') {
    return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value, (_, inner) =>
      typeof inner === 'bigint' ? String(inner) : inner,
    );
  }
  return String(value);
}
