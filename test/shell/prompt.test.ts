import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect, type FlightSqlClient } from '../../src/client/index.js';
import { type OutputFormat, runPrompt, runStatement } from '../../src/shell/index.js';
import { FlightServer } from '../client/flight-server.js';

let server: FlightServer;
let client: FlightSqlClient;

beforeEach(async () => {
  server = new FlightServer();
  await server.start();
  client = connect({ address: server.address, token: 'a.b.c' });
});

afterEach(() => {
  client.close();
  server.stop();
});

function sink(): Writable & { text: string } {
  const stream = new Writable({
    write(chunk, _, done) {
      (stream as Writable & { text: string }).text += String(chunk);
      done();
    },
  });
  return Object.assign(stream, { text: '' });
}

describe('the command line', () => {
  async function shown(sql: string, format: OutputFormat) {
    const output = { format, stdout: sink(), stderr: sink() };
    await runStatement(client, sql, output);
    return [output.stdout.text, output.stderr.text];
  }

  test('rows and counts in each format', async () => {
    expect(await shown('SELECT 1', 'table')).toEqual(['┌───┐\n│ n │\n├───┤\n│ 0 │\n└───┘\n1 row\n', '']);
    expect(await shown('SELECT 1', 'csv')).toEqual(['n\r\n0\r\n', '']);
    expect(await shown('SELECT 1', 'json')).toEqual(['[\n  {"n": 0}\n]\n', '']);
    expect(await shown('UPDATE 4', 'table')).toEqual(['4 rows affected\n', '']);
    expect(await shown('UPDATE -1', 'table')).toEqual(['OK\n', '']);
    expect(await shown('UPDATE 0', 'table')).toEqual(['0 rows affected\n', '']);
    expect(await shown('UPDATE 1', 'csv')).toEqual(['', '1 row affected\n']);
    expect(JSON.parse((await shown('UPDATE 4', 'json'))[0] ?? '')).toEqual([{ affected_rows: 4 }]);
  });

  test('OK for definitions, which have no count; CREATE TABLE AS has one', async () => {
    expect(await shown('CREATE 0', 'table')).toEqual(['OK\n', '']);
    expect(await shown('CREATE 3', 'table')).toEqual(['3 rows affected\n', '']);
    expect(JSON.parse((await shown('CREATE 0', 'json'))[0] ?? '')).toEqual([{ affected_rows: null }]);
  });

  test('the prompt runs statements of several lines, goes on after a failure, and leaves at \\q', async () => {
    const input = new PassThrough();
    const output = { format: 'table' as OutputFormat, stdout: sink(), stderr: sink() };
    const done = runPrompt(client, { input, output });
    input.write('SELECT\n 1; FAIL;\nUPDATE 7;\n\\o json\nSELECT 2;\n\\q\nUPDATE 9;\n');
    await done;
    expect(output.stdout.text).toContain('7 rows affected');
    expect(output.stdout.text).toContain('{"n": 1}');
    expect(output.stdout.text).not.toContain('9 rows');
    expect(output.stderr.text).toBe("PERMISSION_DENIED: Principal 'testuser' may not.\n");
  });

  test('Ctrl-C at the prompt drops what was typed, on the line and before it', async () => {
    const input = new PassThrough();
    const stdout = Object.assign(sink(), { isTTY: true });
    const output = { format: 'json' as OutputFormat, stdout, stderr: sink() };
    const done = runPrompt(client, { input, output });
    input.write('FAIL\r');
    input.write('FAIL;');
    input.write('\u0003');
    input.write('SELECT 2;\r');
    input.write('\\q\r');
    await done;
    expect(output.stderr.text).toBe('');
    expect(stdout.text).toContain('{"n": 1}');
  });
});
