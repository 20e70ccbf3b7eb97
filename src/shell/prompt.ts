/** The interactive prompt: statements of several lines, history, and Ctrl-C for what is running. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { FlightSqlClient } from '../client/index.js';
import { splitStatements } from '../sql/index.js';
import { type Prompt, runCommand } from './commands.js';
import { Completion } from './completion.js';
import { describeFailure, type Output, runStatement } from './output.js';
import { Pager } from './pager.js';

export interface PromptOptions {
  input: Readable;
  output: Output;
  /** Lines of earlier times, the last one first. */
  history?: string[];
  onHistory?: (history: string[]) => void;
}

const PROMPT = 'skua> ';
const CONTINUED = '  ... ';

/** Reads and runs statements until the input ends or `\q`. A statement that fails says so and does not end the prompt. */
export async function runPrompt(client: FlightSqlClient, options: PromptOptions): Promise<void> {
  const { input, output } = options;
  const isTerminal = output.stdout.isTTY === true;
  const completion = new Completion(client);
  let shell: Shell | undefined;
  const lines = createInterface({
    input,
    output: output.stdout,
    terminal: isTerminal,
    prompt: PROMPT,
    history: options.history ?? [],
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
      void completion.complete(line, shell?.typed ?? '').then((found) => done(null, found));
    },
  });
  if (options.onHistory !== undefined) lines.on('history', options.onHistory);
  shell = new Shell(client, lines, { ...output }, completion);
  await shell.run();
}

class Shell implements Prompt {
  readonly #lines: Interface;
  readonly #completion: Completion;
  typed = '';
  timing = false;
  paging = process.env.PAGER !== '';
  last: string | undefined;
  #running: AbortController | undefined;

  constructor(
    readonly client: FlightSqlClient,
    lines: Interface,
    readonly output: Output,
    completion: Completion,
  ) {
    this.#lines = lines;
    this.#completion = completion;
    lines.on('SIGINT', () => this.#interrupt());
  }

  async run(): Promise<void> {
    this.output.stdout.write(`Connected to ${this.client.address}. \\? helps, \\q leaves.\n`);
    this.#lines.prompt();
    for await (const line of this.#lines) {
      if (!(await this.#take(line))) break;
      this.#lines.setPrompt(this.typed.trim() === '' ? PROMPT : CONTINUED);
      this.#lines.prompt();
    }
    this.#lines.close();
  }

  async execute(statement: string): Promise<boolean> {
    this.last = statement;
    const started = performance.now();
    const succeeded = await this.attempt(async (signal) => {
      if (this.paging) await this.#paged(statement, signal);
      else await runStatement(this.client, statement, this.output, signal);
    });
    if (this.timing) this.output.stderr.write(`${((performance.now() - started) / 1000).toFixed(3)} s\n`);
    this.#completion.forget();
    return succeeded;
  }

  async attempt(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const outer = this.#running;
    // What runs within other work, such as the statements of \watch, is stopped with it.
    const running = outer ?? new AbortController();
    this.#running = running;
    try {
      await work(running.signal);
      return true;
    } catch (error) {
      this.output.stderr.write(`${running.signal.aborted ? 'Cancelled.' : describeFailure(error)}\n`);
      return false;
    } finally {
      this.#running = outer;
    }
  }

  async #paged(statement: string, signal: AbortSignal): Promise<void> {
    const left = new AbortController();
    let takeBack: (() => void) | undefined;
    const pager = Pager.for(this.output, {
      onStart: () => {
        takeBack = this.#lendKeyboard();
      },
      onLeft: () => left.abort(),
    });
    if (pager === undefined) return runStatement(this.client, statement, this.output, signal);
    const output = { ...this.output, stdout: pager, stderr: pager.beside(this.output.stderr) };
    try {
      await runStatement(this.client, statement, output, AbortSignal.any([signal, left.signal]));
    } catch (error) {
      // Who leaves the pager wants no more; that is no failure.
      if (!left.signal.aborted) throw error;
    } finally {
      await pager.close();
      takeBack?.();
    }
  }

  /** Leaves the keyboard to another program on this terminal, which would get every second key only; the answer takes it back. */
  #lendKeyboard(): () => void {
    const terminal = process.stdin;
    const interrupt = () => this.#running?.abort();
    this.#lines.pause();
    if (terminal.isTTY) terminal.setRawMode(false);
    process.on('SIGINT', interrupt);
    return () => {
      process.off('SIGINT', interrupt);
      if (terminal.isTTY) terminal.setRawMode(true);
      this.#lines.resume();
    };
  }

  async edit(): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'skua-edit-'));
    const path = join(folder, 'statement.sql');
    try {
      writeFileSync(path, `${this.last ?? ''}\n`, { mode: 0o600 });
      const takeBack = this.#lendKeyboard();
      const { status } = spawnSync(process.env.VISUAL ?? process.env.EDITOR ?? 'vi', [path], {
        stdio: 'inherit',
        shell: true,
      });
      takeBack();
      if (status !== 0) return;
      const text = readFileSync(path, 'utf8').trim();
      if (text === '') return;
      this.output.stdout.write(`${text}\n`);
      await this.#statements(text.endsWith(';') ? `${text}\n` : `${text};\n`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** False once the prompt shall end. */
  async #take(line: string): Promise<boolean> {
    const isFresh = this.typed.trim() === '';
    if (isFresh && /^\s*(\\q|exit|quit)\s*;?\s*$/i.test(line)) return false;
    if (isFresh && /^\s*(\\|\.mode\b)/.test(line)) {
      await runCommand(this, line.trim());
      return true;
    }
    this.typed += `${line}\n`;
    // Only a semicolon ends a statement: what was typed so far need not be read again with every line.
    if (line.includes(';')) await this.#statements(this.typed);
    return true;
  }

  async #statements(text: string): Promise<void> {
    const { statements, rest } = splitStatements(text);
    this.typed = rest;
    for (const statement of statements) {
      if (!(await this.execute(statement))) break;
    }
  }

  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.typed = '';
    this.output.stdout.write('^C\n');
    // Readline leaves what is on the line to its listener: the two keys empty it, before and behind the cursor.
    this.#lines.write('', { ctrl: true, name: 'u' });
    this.#lines.write('', { ctrl: true, name: 'k' });
    this.#lines.setPrompt(PROMPT);
    this.#lines.prompt();
  }
}
