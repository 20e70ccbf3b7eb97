import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { connect, type FlightSqlClient } from '../client/index.js';
import { toSkuaError } from '../errors.js';
import {
  describeFailure,
  OUTPUT_FORMATS,
  type Output,
  type OutputFormat,
  runPrompt,
  runStatement,
} from '../shell/index.js';
import { statementsOf } from '../sql/index.js';
import { type ConnectionOptions, connectionOf, readText, withConnection } from './connection.js';

interface QueryOptions extends ConnectionOptions {
  execute: string[];
  file?: string;
  output: OutputFormat;
}

/** `skua query`: runs SQL on a server and shows the results; exit code 1 when a statement failed, 130 after Ctrl-C. */
export function queryCommand(): Command {
  return withConnection(new Command('query'))
    .description('Run SQL on a server: from -e, from a file, from a pipe, or at a prompt.')
    .addOption(
      new Option('-e, --execute <sql>', 'statements to run; can be repeated')
        .argParser((value: string, previous: string[]) => [...previous, value])
        .default([], 'none'),
    )
    .option('-f, --file <path>', 'file with statements, separated by semicolons')
    .addOption(new Option('-o, --output <format>', 'how results are written').choices(OUTPUT_FORMATS).default('table'))
    .action(async (options: QueryOptions, command: Command) => {
      process.exitCode = await query(options, command);
    });
}

async function query(options: QueryOptions, command: Command): Promise<number> {
  const output: Output = { format: options.output, stdout: process.stdout, stderr: process.stderr };
  leaveWithReader();
  // Node warns of every TLS server that is addressed by its IP address.
  process.noDeprecation = true;
  let client: FlightSqlClient | undefined;
  let hint = '';
  const interrupt = new AbortController();
  try {
    const connection = connectionOf(options, command);
    if (connection.token === undefined) hint = ' Put it into SKUA_TOKEN, or name a file with --token-file.';
    client = connect(connection);
    const statements = await statementsFrom(options);
    if (statements === undefined) {
      await prompt(client, output);
      return 0;
    }
    process.once('SIGINT', () => interrupt.abort());
    for (const statement of statements) await runStatement(client, statement, output, interrupt.signal);
    return 0;
  } catch (error) {
    const advice = toSkuaError(error).code === 'UNAUTHENTICATED' ? hint : '';
    process.stderr.write(`${interrupt.signal.aborted ? 'Cancelled.' : describeFailure(error) + advice}\n`);
    return interrupt.signal.aborted ? 130 : 1;
  } finally {
    await client?.closeSession({ signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    client?.close();
  }
}

/** The statements to run, or undefined where a person shall type them. */
async function statementsFrom(options: QueryOptions): Promise<string[] | undefined> {
  const texts = [...options.execute];
  if (options.file !== undefined)
    texts.push(options.file === '-' ? await text(process.stdin) : readText(options.file, 'statements'));
  if (texts.length === 0) {
    if (process.stdin.isTTY === true) return undefined;
    texts.push(await text(process.stdin));
  }
  return texts.flatMap(statementsOf);
}

async function prompt(client: FlightSqlClient, output: Output): Promise<void> {
  const path =
    process.env.SKUA_HISTORY ?? join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'skua/history');
  let history: string[] = [];
  try {
    history = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    // The first time there is none.
  }
  const onHistory = (lines: string[]) => {
    history = lines;
  };
  await runPrompt(client, { input: process.stdin, output, history, onHistory });
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${history.join('\n')}\n`, { mode: 0o600 });
  } catch {
    output.stderr.write(`The history could not be written to ${path}.\n`);
  }
}

/** A reader that wants no more, such as `head`, is no failure. */
function leaveWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
