/** Long results on a terminal, a page at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Writable } from 'node:stream';
import type { Output } from './output.js';

/** What a pager tells the prompt. */
export interface PagerEvents {
  /** The keyboard is the pager's from now on. */
  onStart: () => void;
  /** The reader has left: no more rows are wanted. */
  onLeft: () => void;
}

/** Shows what fits on the screen as it is; the first line too many starts the pager, which gets it all. */
export class Pager extends Writable {
  readonly #terminal: Output['stdout'];
  readonly #rows: number;
  readonly #command: string;
  readonly #events: PagerEvents;
  readonly isTTY = true;
  #held = '';
  #lines = 0;
  #child: ChildProcess | undefined;

  /** Only where there is a screen to page on, and a program that does: `$PAGER`, less or more. */
  static for({ stdout }: Output, events: PagerEvents): Pager | undefined {
    const { isTTY, rows } = stdout as { isTTY?: boolean; rows?: number };
    const command = process.env.PAGER ?? ['less', 'more'].find(isInstalled);
    return isTTY === true && rows !== undefined && process.stdin.isTTY === true && command !== undefined
      ? new Pager(stdout, { rows, command }, events)
      : undefined;
  }

  private constructor(terminal: Output['stdout'], page: { rows: number; command: string }, events: PagerEvents) {
    super({ decodeStrings: false });
    this.#terminal = terminal;
    this.#rows = page.rows;
    this.#command = page.command;
    this.#events = events;
  }

  get columns(): number | undefined {
    return this.#terminal.columns;
  }

  override _write(piece: string | Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    const text = String(piece);
    if (this.#child !== undefined) {
      this.#send(text, done);
      return;
    }
    this.#held += text;
    this.#lines += text.split('\n').length - 1;
    if (this.#lines < this.#rows) {
      done();
      return;
    }
    this.#events.onStart();
    const env = { ...process.env, LESS: process.env.LESS ?? '-SFRX' };
    this.#child = spawn(this.#command, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('close', this.#events.onLeft);
    this.#send(this.#held, done);
  }

  /** Takes what goes to the terminal beside the result, as long as the screen is not the pager's. */
  beside(terminal: Output['stderr']): Output['stderr'] {
    const stream = new Writable({
      decodeStrings: false,
      write: (piece, _encoding, done) => {
        if (this.#child === undefined) terminal.write(piece);
        done();
      },
    });
    return Object.assign(stream, { isTTY: terminal.isTTY });
  }

  /** Shows what is held, or waits until the reader has left the pager. */
  async close(): Promise<void> {
    if (this.#child === undefined) {
      this.#terminal.write(this.#held);
      return;
    }
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'close');
  }

  #send(text: string, done: () => void): void {
    const input = this.#child?.stdin;
    if (input === null || input === undefined || !input.writable) {
      done();
      return;
    }
    if (input.write(text)) done();
    else {
      const go = () => {
        input.off('drain', go).off('close', go);
        done();
      };
      input.on('drain', go).on('close', go);
    }
  }
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
