/** `skua top`: what runs on a server, live on a terminal, once elsewhere. */
import { Command, InvalidArgumentError } from 'commander';
import { connect } from '../client/index.js';
import { describeFailure, topPicture } from '../shell/index.js';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.js';

interface TopOptions extends ConnectionOptions {
  every: number;
}

export function topCommand(): Command {
  return withConnection(new Command('top'))
    .description("Show the statements that run and that ran: your own, or everybody's for operators.")
    .option('--every <seconds>', 'seconds between two looks', parseSeconds, 2)
    .action(async (options: TopOptions, command: Command) => {
      process.exitCode = await top(options, command);
    });
}

async function top(options: TopOptions, command: Command): Promise<number> {
  const { stdout, stderr } = process;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const client = connect(connectionOf(options, command));
  try {
    while (!stop.signal.aborted) {
      const screen = { columns: stdout.columns ?? 200, rows: stdout.rows ?? 100 };
      const picture = await topPicture(client, screen, stop.signal);
      if (stdout.isTTY !== true) {
        stdout.write(`${picture}\n`);
        return 0;
      }
      // Over the old picture, line by line, and nothing below it: without a flicker.
      stdout.write(`\u001b[H${picture.replaceAll('\n', '\u001b[K\n')}\u001b[K\u001b[J`);
      await pause(options.every * 1000, stop.signal);
    }
    stdout.write('\n');
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) stderr.write(`${describeFailure(error)}\n`);
    return stop.signal.aborted ? 0 : 1;
  } finally {
    client.close();
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1)) throw new InvalidArgumentError('At least 0.1 seconds.');
  return seconds;
}
