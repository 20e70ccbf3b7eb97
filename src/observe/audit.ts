/** The audit log: who did what with which tables, and how it ended. One JSON object a line. */
import type { StatementEntry } from '../query/index.js';
import { withoutLiterals } from '../sql/index.js';
import { RotatingFile } from './rotating-file.js';

export interface AuditOptions {
  /** Where lines go: to a file that rotates, or to standard output. */
  output: { kind: 'stdout' } | { kind: 'file'; path: string; largest: number; kept: number };
  /** Texts are written as they are; else every literal in them is a question mark. */
  literals: boolean;
  onError(error: unknown): void;
}

export class AuditLog {
  readonly #options: AuditOptions;
  readonly #write: (line: string) => void;
  readonly #file: RotatingFile | undefined;

  constructor(options: AuditOptions) {
    this.#options = options;
    const { output, onError } = options;
    if (output.kind === 'file') this.#file = new RotatingFile({ ...output, onError });
    this.#write = (line) => (this.#file ? this.#file.write(line) : void process.stdout.write(`${line}\n`));
  }

  statement(entry: StatementEntry): void {
    this.#write(
      JSON.stringify({
        time: new Date(entry.ended ?? entry.started).toISOString(),
        event: 'statement',
        id: entry.id,
        ...principalOf(entry),
        address: entry.address,
        rpc: entry.rpc,
        statement: entry.statement,
        sql: entry.sql === undefined || this.#options.literals ? entry.sql : withoutLiterals(entry.sql),
        outcome: entry.code ?? 'OK',
        // What a client is told of a failure may quote a value of its text.
        ...(this.#options.literals ? { message: entry.message } : {}),
        tables: entry.tables.map(({ table, access, snapshot, columns, restricted }) => ({
          table,
          access,
          snapshot,
          columns,
          restricted,
        })),
        rows: entry.rows,
        affectedRows: entry.affectedRows,
        milliseconds: Math.round(entry.total),
      }),
    );
  }

  /** A token that was refused: nobody is known by it. */
  refused(reason: string, rpc: string, address: string): void {
    this.#write(JSON.stringify({ time: new Date().toISOString(), event: 'refused token', reason, rpc, address }));
  }

  async close(): Promise<void> {
    await this.#file?.flush();
  }
}

function principalOf({ user, issuer, subject }: StatementEntry) {
  return { user, issuer, subject };
}
