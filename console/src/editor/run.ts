/** A statement that was sent, and what is known of it. */
import { signal } from '@preact/signals';
import { refresh } from '../data/catalog.js';
import type { ColumnInfo, SortOrder } from '../data/messages.js';
import { drop, run as send, stop } from '../data/worker-link.js';
import { address, token } from '../session/session.js';
import { remember } from './history.js';

export type RunStatus = 'running' | 'done' | 'failed' | 'stopped';

export interface Failure {
  code: string;
  message: string;
}

export class Run {
  readonly status = signal<RunStatus>('running');
  readonly columns = signal<ColumnInfo[] | undefined>(undefined);
  readonly rows = signal(0);
  readonly bytes = signal(0);
  /** Milliseconds since it was sent: until its columns were there, and so far. */
  readonly planned = signal<number | undefined>(undefined);
  readonly elapsed = signal(0);
  readonly failure = signal<Failure | undefined>(undefined);
  /** Rows after which the result was cut, because the tab has no room for more. */
  readonly cutAt = signal<number | undefined>(undefined);
  /** Rows that the grid shows: all, or those that the filter leaves. */
  readonly shown = signal(0);
  /** Counts up with every order and filter that is in effect. */
  readonly arranged = signal(0);
  readonly filter = signal('');
  readonly sort = signal<SortOrder | undefined>(undefined);
  readonly started = new Date();
  readonly id: number;

  constructor(
    readonly sql: string,
    parameters: unknown[],
    /** Offset of the statement in the editor's text, for the place of an error. */
    readonly from: number,
    onEnd: (run: Run) => void,
  ) {
    const request = { address, token: token.value ?? '', session, sql, parameters };
    this.id = send(request, (event) => {
      this.elapsed.value = event.elapsed;
      switch (event.kind) {
        case 'schema':
          this.columns.value = event.columns;
          this.planned.value = event.elapsed;
          return;
        case 'progress':
        case 'end':
          this.rows.value = event.rows;
          this.bytes.value = event.bytes;
          if (this.filter.value === '' && this.sort.value === undefined) this.shown.value = event.rows;
          if (event.kind === 'progress') return;
          this.cutAt.value = event.cutAt;
          this.status.value = 'done';
          break;
        case 'failure':
          this.failure.value = event;
          this.status.value = event.code === 'CANCELLED' ? 'stopped' : 'failed';
      }
      session = event.session ?? session;
      remember({ sql, at: this.started.toISOString(), status: this.status.value, elapsed: this.elapsed.value });
      // What a definition or a change did is to be seen in the catalog at once.
      if (this.isChange && this.status.value === 'done') refresh();
      onEnd(this);
    });
  }

  /** Whether the answer is a count of changed rows instead of rows. */
  get isChange(): boolean {
    const [column, ...others] = this.columns.value ?? [];
    return column?.name === 'affected_rows' && others.length === 0;
  }

  stop(): void {
    stop(this.id);
  }

  drop(): void {
    drop(this.id);
  }
}

/** The server's session, which all tabs of the editor share: `USE`, temporary tables, transactions. */
let session: string | undefined;

export function forgetSession(): void {
  session = undefined;
}
