/** The prompt's own commands, which begin with a backslash. */
import { readFile } from 'node:fs/promises';
import { SkuaError } from '../errors.js';
import { statementsOf } from '../sql/index.js';
import { copy } from './copy.js';
import { BINARY_FORMATS, OUTPUT_FORMATS, type OutputFormat } from './encode.js';
import type { Output } from './output.js';
import { Progress } from './progress.js';

/** What commands reach the prompt by. */
export interface Prompt {
  readonly output: Output;
  readonly client: Parameters<typeof copy>[0];
  /** Whether each statement says how long it took. */
  timing: boolean;
  /** Whether long tables go through a pager. */
  paging: boolean;
  /** The last statement that ran. */
  readonly last: string | undefined;
  /** Runs a statement with what failed on the screen; false if it failed. */
  execute(statement: string): Promise<boolean>;
  /** Runs other work that Ctrl-C stops. */
  attempt(work: (signal: AbortSignal) => Promise<void>): Promise<boolean>;
  /** Lets the person write the next statement in `$EDITOR`. */
  edit(): Promise<void>;
}

interface Command {
  help: string;
  run(prompt: Prompt, argument: string): Promise<unknown> | unknown;
}

const TEXT_FORMATS = OUTPUT_FORMATS.filter((format) => !BINARY_FORMATS.includes(format));

const COMMANDS: Record<string, Command> = {
  '\\l': { help: 'catalogs', run: (prompt) => prompt.execute('SHOW CATALOGS') },
  '\\dn': { help: 'schemas', run: (prompt) => prompt.execute('SHOW SCHEMAS') },
  '\\d': {
    help: '[NAME] tables and views, or the columns of one',
    run: (prompt, name) => prompt.execute(name === '' ? 'SHOW TABLES' : `DESCRIBE ${name}`),
  },
  '\\d+': { help: 'NAME its definition', run: (prompt, name) => prompt.execute(`SHOW CREATE TABLE ${name}`) },
  '\\dt': { help: '[SCHEMA] tables', run: (prompt, schema) => prompt.execute(`SHOW TABLES${from(schema)}`) },
  '\\dv': { help: '[SCHEMA] views', run: (prompt, schema) => prompt.execute(`SHOW VIEWS${from(schema)}`) },
  '\\o': { help: `FORMAT output: ${TEXT_FORMATS.join(', ')}`, run: mode },
  '.mode': { help: 'FORMAT the same', run: mode },
  '\\timing': {
    help: 'says how long each statement took, or no more',
    run: (prompt) => {
      prompt.timing = !prompt.timing;
      prompt.output.stdout.write(`Timing is ${prompt.timing ? 'on' : 'off'}.\n`);
    },
  },
  '\\pager': {
    help: 'sends long tables through $PAGER, or no more',
    run: (prompt) => {
      prompt.paging = !prompt.paging;
      prompt.output.stdout.write(`The pager is ${prompt.paging ? 'on' : 'off'}.\n`);
    },
  },
  '\\watch': { help: '[SECONDS] runs the last statement again and again, until Ctrl-C', run: watch },
  '\\copy': { help: '(QUERY)|TABLE to FILE, TABLE from FILE [as FORMAT]', run: copyFile },
  '\\i': { help: 'FILE runs the statements of a file', run: runFile },
  '\\e': { help: 'writes the next statement in $EDITOR', run: (prompt) => prompt.edit() },
};

/** False where the line is no command that there is: the help was shown. */
export async function runCommand(prompt: Prompt, line: string): Promise<boolean> {
  const [, name = '', argument = ''] = /^(\S+)\s*([\s\S]*?)\s*;?\s*$/.exec(line) ?? [];
  const command = COMMANDS[name];
  if (command === undefined) {
    prompt.output.stdout.write(helpText());
    return false;
  }
  await command.run(prompt, argument);
  return true;
}

function helpText(): string {
  const lines = Object.entries(COMMANDS).map(([name, { help }]) => `  ${name.padEnd(9)} ${help}\n`);
  return `${lines.join('')}  ${'\\q'.padEnd(9)} leave\nStatements end with a semicolon; Tab completes names. Ctrl-C stops the one that is running, or drops what was typed.\n`;
}

function from(schema: string): string {
  return schema === '' ? '' : ` FROM ${schema}`;
}

function mode(prompt: Prompt, format: string): void {
  if (TEXT_FORMATS.includes(format as OutputFormat)) prompt.output.format = format as OutputFormat;
  else prompt.output.stderr.write(`The formats are ${TEXT_FORMATS.join(', ')}.\n`);
}

async function watch(prompt: Prompt, argument: string): Promise<void> {
  const seconds = argument === '' ? 2 : Number(argument);
  const { last, output } = prompt;
  if (!(seconds > 0) || last === undefined) {
    output.stderr.write(last === undefined ? 'No statement has run yet.\n' : '\\watch takes a number of seconds.\n');
    return;
  }
  await prompt.attempt(async (signal) => {
    while (!signal.aborted) {
      output.stdout.write(
        `${output.stdout.isTTY === true ? '\u001b[H\u001b[2J' : ''}${new Date().toISOString()}, every ${seconds} s\n`,
      );
      if (!(await prompt.execute(last))) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, seconds * 1000);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  });
}

async function copyFile(prompt: Prompt, argument: string): Promise<void> {
  const { stderr, stdout } = prompt.output;
  await prompt.attempt(async (signal) => {
    const progress = new Progress(stderr.isTTY === true ? stderr : undefined);
    stdout.write(`${await copy(prompt.client, argument, { signal, progress })}\n`);
  });
}

async function runFile(prompt: Prompt, path: string): Promise<void> {
  let statements: string[] = [];
  await prompt.attempt(async () => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw new SkuaError('INVALID_ARGUMENT', `The file ${path} can't be read.`, { cause: error });
    });
    statements = statementsOf(text);
  });
  for (const statement of statements) if (!(await prompt.execute(statement))) return;
}
