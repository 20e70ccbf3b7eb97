/** The prompt on a terminal of its own, which `script` of util-linux makes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FlightServer } from '../client/flight-server.js';

const SKUA = fileURLToPath(new URL('../../bin/skua.cjs', import.meta.url));

/** Says each key that reaches it, and leaves at `q`. */
const PAGER = `
const { openSync } = require('node:fs');
const { ReadStream } = require('node:tty');
process.stdin.resume();
const keyboard = new ReadStream(openSync('/dev/tty', 'r'));
keyboard.setRawMode(true);
process.stdout.write('PAGER\\n');
keyboard.on('data', (keys) => {
  for (const key of String(keys)) {
    process.stdout.write('<' + key + '>');
    if (key === 'q') {
      keyboard.setRawMode(false);
      process.exit(0);
    }
  }
});
`;

function scriptMakesTerminals(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
}

describe.skipIf(!scriptMakesTerminals())('at a terminal (script of util-linux)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skua-terminal-'));
  const pager = join(folder, 'pager.cjs');
  let server: FlightServer;
  let terminal: ChildProcess;
  let shown = '';

  beforeAll(() => writeFileSync(pager, PAGER));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    server = new FlightServer();
    await server.start();
    shown = '';
    const command = `stty rows 10 columns 80; exec ${process.execPath} ${SKUA} query --address ${server.address}`;
    terminal = spawn('script', ['-qfec', command, '/dev/null'], {
      env: { ...process.env, HOME: folder, SKUA_TOKEN: 'a.b.c', PAGER: `${process.execPath} ${pager}` },
    });
    terminal.stdout?.on('data', (piece) => {
      shown += String(piece);
    });
    await until('skua> ');
  });

  afterEach(async () => {
    terminal.kill('SIGKILL');
    if (terminal.exitCode === null && terminal.signalCode === null) await once(terminal, 'exit');
    server.stop();
  });

  const until = (text: string) => expect.poll(() => shown).toContain(text);

  function type(keys: string): void {
    shown = '';
    terminal.stdin?.write(keys);
  }

  test('each key goes to the pager while it is there', async () => {
    type('SELECT 30;\r');
    await until('PAGER');
    for (const key of 'abcdefghijklmnop') {
      type(key);
      await until(`<${key}>`);
    }
    type('q');
    await until('skua> ');
    type('SELECT 1;\r');
    await until('1 row');
  });

  test('leaving the pager ends the statement', async () => {
    type('SELECT 1000000;\r');
    await until('PAGER');
    type('q');
    await until('skua> ');
    await expect.poll(() => server.streamsCancelled).toBe(1);
  });

  test('Ctrl-C cancels what runs, and the prompt is back', async () => {
    type('SLOW;\r');
    await until('\n');
    type('\u0003');
    await until('Cancelled.');
    await until('skua> ');
    type('SELECT 1;\r');
    await until('1 row');
  });
});
