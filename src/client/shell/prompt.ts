/** The interactive prompt: statements of several lines, history, and Ctrl-C for what is running. */
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { splitStatements } from '../../sql/index.js';
import type { FlightSqlClient } from '../client.js';
import { describeFailure, OUTPUT_FORMATS, type Output, type OutputFormat, runStatement } from './output.js';

export interface PromptOptions {
  input: Readable;
  output: Output;
  /** Lines of earlier times, the last one first. */
  history?: string[];
  onHistory?: (history: string[]) => void;
}

const PROMPT = 'skua> ';
const CONTINUED = '  ... ';

const HELP = `  \\l             catalogs
  \\dn            schemas
  \\d             tables
  \\d NAME        columns of a table
  \\o FORMAT      output: ${OUTPUT_FORMATS.filter((format) => format !== 'arrow').join(', ')}
  \\q             leave
Statements end with a semicolon. Ctrl-C stops the one that is running, or drops what was typed.
`;

/** Reads and runs statements until the input ends or `\q`. A statement that fails says so and does not end the prompt. */
export async function runPrompt(client: FlightSqlClient, options: PromptOptions): Promise<void> {
  const { input, output } = options;
  const isTerminal = output.stdout.isTTY === true;
  const lines = createInterface({
    input,
    output: output.stdout,
    terminal: isTerminal,
    prompt: PROMPT,
    history: options.history ?? [],
    historySize: 1000,
    removeHistoryDuplicates: true,
  });
  if (options.onHistory !== undefined) lines.on('history', options.onHistory);
  await new Shell(client, lines, { ...output }).run();
}

class Shell {
  #typed = '';
  #running: AbortController | undefined;

  constructor(
    private readonly client: FlightSqlClient,
    private readonly lines: Interface,
    private readonly output: Output,
  ) {
    lines.on('SIGINT', () => this.#interrupt());
  }

  async run(): Promise<void> {
    this.output.stdout.write(`Connected to ${this.client.address}. \\? helps, \\q leaves.\n`);
    this.lines.prompt();
    for await (const line of this.lines) {
      if (!(await this.#take(line))) break;
      this.lines.setPrompt(this.#typed.trim() === '' ? PROMPT : CONTINUED);
      this.lines.prompt();
    }
    this.lines.close();
  }

  /** False once the prompt shall end. */
  async #take(line: string): Promise<boolean> {
    const isFresh = this.#typed.trim() === '';
    if (isFresh && /^\s*(\\q|exit|quit)\s*;?\s*$/i.test(line)) return false;
    if (isFresh && line.trimStart().startsWith('\\')) {
      await this.#shortcut(line.trim());
      return true;
    }
    this.#typed += `${line}\n`;
    // Only a semicolon ends a statement: what was typed so far need not be read again with every line.
    if (!line.includes(';')) return true;
    const { statements, rest } = splitStatements(this.#typed);
    this.#typed = rest;
    for (const statement of statements) {
      if (!(await this.#execute(statement))) break;
    }
    return true;
  }

  async #shortcut(text: string): Promise<void> {
    const [name, argument] = text.split(/\s+/, 2);
    if (name === '\\l') await this.#execute('SHOW CATALOGS');
    else if (name === '\\dn') await this.#execute('SHOW SCHEMAS');
    else if (name === '\\d') await this.#execute(argument === undefined ? 'SHOW TABLES' : `DESCRIBE ${argument}`);
    else if (name === '\\o' && OUTPUT_FORMATS.some((format) => format === argument && format !== 'arrow')) {
      this.output.format = argument as OutputFormat;
    } else this.output.stdout.write(HELP);
  }

  async #execute(statement: string): Promise<boolean> {
    this.#running = new AbortController();
    const { signal } = this.#running;
    try {
      await runStatement(this.client, statement, this.output, signal);
      return true;
    } catch (error) {
      this.output.stderr.write(`${signal.aborted ? 'Cancelled.' : describeFailure(error)}\n`);
      return false;
    } finally {
      this.#running = undefined;
    }
  }

  #interrupt(): void {
    if (this.#running !== undefined) {
      this.#running.abort();
      return;
    }
    this.#typed = '';
    this.output.stdout.write('^C\n');
    // Readline leaves what is on the line to its listener: the two keys empty it, before and behind the cursor.
    this.lines.write('', { ctrl: true, name: 'u' });
    this.lines.write('', { ctrl: true, name: 'k' });
    this.lines.setPrompt(PROMPT);
    this.lines.prompt();
  }
}
