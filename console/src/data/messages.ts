/** What the page and the worker that holds the results say to each other. */

export interface ColumnInfo {
  name: string;
  /** As SQL names it: `DECIMAL(10, 2)`. */
  type: string;
  /** Numbers stand at the right edge, and can be drawn. */
  numeric: boolean;
  /** Dates and timestamps, which can be an axis of time. */
  temporal: boolean;
}

export interface RunRequest {
  kind: 'run';
  id: number;
  address: string;
  token: string;
  session: string | undefined;
  sql: string;
  parameters: unknown[];
}

export type SortOrder = { column: number; descending: boolean };

export type Question =
  | { kind: 'rows'; id: number; from: number; to: number }
  | { kind: 'arrange'; id: number; filter: string; sort: SortOrder | undefined }
  | { kind: 'series'; id: number; x: number; ys: number[]; points: number }
  | { kind: 'cell'; id: number; row: number; column: number }
  | { kind: 'file'; id: number; format: FileFormat };

export type FileFormat = 'csv' | 'json' | 'arrow' | 'parquet';

export type Request = RunRequest | { kind: 'stop' | 'drop'; id: number } | (Question & { call: number });

/** A row's texts; null where the value is null. */
export type Cells = (string | null)[];

export interface Series {
  /** Positions: numbers, or seconds since 1970 where the column is temporal. */
  x: (number | null)[];
  /** Texts of the positions where the column is neither a number nor a time. */
  labels: string[] | undefined;
  ys: (number | null)[][];
  /** Rows that were looked at, which may be more than there are points. */
  rows: number;
}

export interface Answers {
  rows: Cells[];
  arrange: number;
  series: Series;
  cell: string | null;
  file: Blob;
}

export interface Progress {
  rows: number;
  bytes: number;
  /** Milliseconds since the statement was sent. */
  elapsed: number;
}

export type Event =
  | { kind: 'schema'; id: number; columns: ColumnInfo[]; elapsed: number }
  | ({ kind: 'progress'; id: number } & Progress)
  | ({ kind: 'end'; id: number; session: string | undefined; cutAt: number | undefined } & Progress)
  | { kind: 'failure'; id: number; code: string; message: string; elapsed: number; session: string | undefined }
  | { kind: 'answer'; call: number; value: unknown }
  | { kind: 'refusal'; call: number; message: string };
