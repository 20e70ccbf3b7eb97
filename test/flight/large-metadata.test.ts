import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { flightSql } from '../../src/flight/protocol.js';
import { failure, TestClient } from './client.js';
import { type Fixture, startFixture } from './fake.js';

const { CommandStatementQuery } = flightSql;
let fixture: Fixture;
let client: TestClient;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());
beforeEach(() => {
  client = new TestClient(fixture.port, 'alice.is.good');
});
afterEach(() => client.close());

const ask = () => client.info(CommandStatementQuery, { query: 'NUMBERS 1' }, { deadline: Date.now() + 60_000 });
const text = (kilobytes: number) => randomBytes(kilobytes * 750).toString('base64');
const SENTENCE = /^the call's metadata has \d+ bytes, which is more than this server takes \(65536\)$/;

describe('metadata that is larger than a call may have', () => {
  it.each([66, 100, 150])('is refused with a sentence: %i KB in many headers', async (kilobytes) => {
    for (let part = 0; part < kilobytes; part += 5) client.metadata.set(`x-part-${part}`, text(5));
    const refusal = { code: 'RESOURCE_EXHAUSTED', details: expect.stringMatching(SENTENCE) };
    expect(await failure(ask())).toEqual(refusal);
    client.metadata.set('authorization', 'Bearer bad');
    expect(await failure(ask())).toEqual(refusal);
  });

  it('is refused with a sentence: a token of 70 KB', async () => {
    client.metadata.set('authorization', `Bearer ${text(70)}`);
    expect(await failure(ask())).toEqual({ code: 'RESOURCE_EXHAUSTED', details: expect.stringMatching(SENTENCE) });
  });

  // HTTP/2 implementations end the connection over a header of more than 64 KiB or too many frames, before anybody could answer.
  it.each([
    [150, 150],
    [300, 300],
    [300, 5],
  ])('ends the call at once: %i KB in headers of %i KB', async (kilobytes, each) => {
    const names = Array.from({ length: kilobytes / each }, (_, part) => `x-part-${part}`);
    for (const name of names) client.metadata.set(name, text(each));
    expect((await failure(ask())).code).not.toBe('DEADLINE_EXCEEDED');
    for (const name of names) client.metadata.remove(name);
    await expect(ask()).resolves.toBeDefined();
  });
});

it('metadata of nearly as many bytes as allowed is taken', async () => {
  for (let part = 0; part < 60; part += 5) client.metadata.set(`x-part-${part}`, text(5));
  await expect(ask()).resolves.toBeDefined();
});

it('a connection that does not answer pings is closed, so that no call waits on it forever', async () => {
  const own = await startFixture({ keepalive: { interval: 50, timeout: 50 } });
  const socket = connect(own.port, '127.0.0.1');
  const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings]));
  socket.resume();
  socket.on('error', () => {});
  await once(socket, 'close');
  await own.stop();
});
