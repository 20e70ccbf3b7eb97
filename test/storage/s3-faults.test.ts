import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createS3Clients,
  openStorage,
  type S3Clients,
  type Storage,
  type StorageAccess,
  storeIdentity,
} from '../../src/storage/index.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let clients: S3Clients;
let requests: string[];
let handler: Handler;
let endpoint: string;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => handler(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  clients = createS3Clients({ idleTimeout: 300 });
});

afterEach(async () => {
  clients.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const SECRET = 'SECRETSECRETSECRET';
const keys = { 's3.access-key-id': 'AKIDEXAMPLE', 's3.secret-access-key': SECRET };
const sessionKeys = { ...keys, 's3.session-token': 'SESSIONTOKEN' };

function open(properties: Record<string, string>, more: Partial<StorageAccess> = {}): Storage {
  const place = { 's3.endpoint': endpoint, 's3.path-style-access': 'true', 'client.region': 'us-east-1' };
  const access = { properties: { ...place, ...properties }, credentials: [], ...more };
  return openStorage(access, { clients, retry: { attempts: 3, baseDelay: 1 } });
}

function answer(response: ServerResponse, status: number, code?: string, message = 'no'): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/xml');
  response.end(code && `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}

async function failure(work: Promise<unknown>): Promise<Error & { code: string }> {
  return work.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

describe('requests to a store', () => {
  it('are tried again after server faults, throttling and broken connections', async () => {
    const faults: Handler[] = [
      (_, response) => answer(response, 503, 'SlowDown'),
      (request) => request.socket.destroy(),
      (_, response) => response.end('data'),
    ];
    handler = (request, response) => faults.shift()?.(request, response);
    expect(Buffer.from(await open(keys).read('s3://b/k')).toString()).toBe('data');
    expect(requests).toHaveLength(3);
  });

  it.each([
    [409, 'OperationAborted'],
    [409, 'ConditionalRequestConflict'],
    [409, undefined],
    [400, 'RequestTimeout'],
    [408, undefined],
    [425, undefined],
  ])('that are answered with %i %s are tried again, and UNAVAILABLE where that stays so', async (status, code) => {
    const storage = open(keys);
    const location = 's3://b/k';
    let refused = 1;
    handler = (_, response) => (refused-- > 0 ? answer(response, status, code) : response.end('data'));
    for (const work of [() => storage.read(location), () => storage.write(location, Buffer.from('data'))]) {
      refused = 1;
      requests = [];
      await work();
      expect(requests).toHaveLength(2);
      refused = Number.POSITIVE_INFINITY;
      expect(await failure(work())).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining(location) });
    }
  });

  it.each([
    [429, 'TooManyRequests'],
    [503, 'SlowDown'],
  ])(
    'that are answered with %i and Retry-After are tried again when the store says, and not before',
    async (status, code) => {
      const times: number[] = [];
      handler = (_, response) => {
        times.push(Date.now());
        if (times.length > 1) return response.end('data');
        response.setHeader('retry-after', '1');
        return answer(response, status, code);
      };
      expect(Buffer.from(await open(keys).read('s3://b/k')).toString()).toBe('data');
      expect((times[1] as number) - (times[0] as number)).toBeGreaterThanOrEqual(990);
    },
  );

  it('are tried again when a body ends early', async () => {
    let first = true;
    handler = (_, response) => {
      response.setHeader('content-length', 8);
      if (!first) return response.end('complete');
      first = false;
      response.write('cut');
      return setImmediate(() => response.destroy());
    };
    expect(Buffer.from(await open(keys).read('s3://b/k')).toString()).toBe('complete');
  });

  it('end in UNAVAILABLE when the store does not answer in time or is not there', async () => {
    handler = () => {};
    expect(await failure(open(keys).read('s3://b/k'))).toMatchObject({ code: 'UNAVAILABLE' });
    endpoint = 'http://127.0.0.1:1';
    expect(await failure(open(keys).read('s3://b/k'))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it.each([
    [403, 'AccessDenied', 'PERMISSION_DENIED'],
    [403, 'SignatureDoesNotMatch', 'PERMISSION_DENIED'],
    [404, 'NoSuchKey', 'NOT_FOUND'],
    [404, 'NoSuchBucket', 'NOT_FOUND'],
    [400, 'ExpiredToken', 'UNAUTHENTICATED'],
    [416, 'InvalidRange', 'OUT_OF_RANGE'],
  ])('that are answered with %i %s are sent once and fail as %s', async (status, code, expected) => {
    handler = (_, response) => answer(response, status, code);
    expect(await failure(open(keys).read('s3://b/k'))).toMatchObject({ code: expected });
    expect(requests).toHaveLength(1);
  });

  it('never show a key, a token or a header in their failure', async () => {
    for (const status of [400, 403, 500, 503]) {
      handler = (request, response) =>
        answer(response, status, 'Odd', `${SECRET} AKIDEXAMPLE SESSIONTOKEN ${request.headers.authorization}`);
      const error = await failure(open(sessionKeys).read('s3://b/k'));
      expect(`${error.message} ${error.stack} ${inspect(error, { depth: 20 })}`).not.toMatch(
        /SECRETSECRET|AKIDEXAMPLE|SESSIONTOKEN|Signature=/,
      );
    }
  });

  it('stop when the caller goes away', async () => {
    const caller = new AbortController();
    handler = () => caller.abort();
    expect(await failure(open(keys).read('s3://b/k', undefined, caller.signal))).toMatchObject({ code: 'CANCELLED' });
    expect(requests).toHaveLength(1);
  });

  it('are not made without credentials', async () => {
    expect(await failure(open({}).read('s3://b/k'))).toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(requests).toEqual([]);
  });
});

describe('vended credentials', () => {
  const vended = (prefix: string, id: string, expires?: number) => ({
    prefix,
    config: {
      ...sessionKeys,
      's3.access-key-id': id,
      ...(expires === undefined ? {} : { 's3.session-token-expires-at-ms': String(expires) }),
    },
  });
  let seen: (string | undefined)[];

  beforeEach(() => {
    seen = [];
    handler = (request, response) => {
      seen.push(/Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1]);
      response.end('data');
    };
  });

  it('are chosen by the longest prefix, however the scheme is spelt', async () => {
    const credentials = [vended('s3://b/', 'SHORT'), vended('s3://b/t/', 'LONG')];
    const storage = open({}, { credentials });
    await storage.read('s3a://b/t/file');
    await storage.read('s3://b/other');
    expect(seen).toEqual(['LONG', 'SHORT']);
  });

  it('are renewed once before they expire, for all readers together', async () => {
    let renewals = 0;
    const storage = open(
      {},
      {
        credentials: [vended('s3://b/', 'OLD', Date.now() + 5_000)],
        refresh: async () => {
          renewals++;
          return [vended('s3://b/', 'NEW', Date.now() + 3_600_000)];
        },
      },
    );
    await Promise.all([storage.read('s3://b/1'), storage.read('s3://b/2')]);
    await storage.read('s3://b/3');
    expect(seen).toEqual(['NEW', 'NEW', 'NEW']);
    expect(renewals).toBe(1);
  });

  it.each([
    [400, 'InvalidRequest', 'check key failed'],
    [500, 'InternalError', 'invalid session'],
    [403, 'ExpiredToken', 'expired'],
  ])('that the store refuses with %i %s are renewed and tried once more', async (status, code, message) => {
    const accept = handler;
    handler = (request, response) =>
      /Credential=OLD/.test(request.headers.authorization ?? '')
        ? answer(response, status, code, message)
        : accept(request, response);
    const storage = open(
      {},
      {
        credentials: [vended('s3://b/', 'OLD')],
        refresh: async () => [vended('s3://b/', 'NEW')],
      },
    );
    await storage.read('s3://b/k');
    expect(seen).toEqual(['NEW']);
    expect(requests).toHaveLength(2);
  });

  it('that the store refuses are renewed once for all readers, however late it refuses some', async () => {
    const accept = handler;
    const late: (() => void)[] = [];
    handler = (request, response) => {
      if (!/Credential=OLD/.test(request.headers.authorization ?? '')) return accept(request, response);
      const refuse = () => void answer(response, 403, 'ExpiredToken');
      if (request.url?.includes('/late')) late.push(refuse);
      else refuse();
    };
    let renewals = 0;
    const storage = open(
      {},
      {
        credentials: [vended('s3://b/', 'OLD')],
        refresh: async () => {
          renewals++;
          return [vended('s3://b/', 'NEW')];
        },
      },
    );
    const waiting = storage.read('s3://b/late');
    await vi.waitFor(() => expect(late).toHaveLength(1));
    await storage.read('s3://b/soon');
    late[0]?.();
    await waiting;
    expect(seen).toEqual(['NEW', 'NEW']);
    expect(renewals).toBe(1);
  });

  it('that stay refused end in UNAUTHENTICATED', async () => {
    handler = (_, response) => answer(response, 400, 'InvalidRequest', 'check key failed');
    const storage = open(
      {},
      { credentials: [vended('s3://b/', 'OLD')], refresh: async () => [vended('s3://b/', 'NEW')] },
    );
    expect(await failure(storage.read('s3://b/k'))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(requests).toHaveLength(2);
  });
});

describe('stores with fewer features', () => {
  it('that lack conditional writes still never have an object replaced', async () => {
    let exists = false;
    handler = (request, response) => {
      if (request.headers['if-none-match']) return answer(response, 501, 'NotImplemented');
      if (request.method === 'HEAD') response.statusCode = exists ? 200 : 404;
      if (request.method === 'PUT') exists = true;
      return response.end();
    };
    const storage = open(keys);
    await storage.write('s3://b/k', Buffer.from('x'));
    expect(await failure(storage.write('s3://b/k', Buffer.from('y')))).toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('that lack batch deletion have objects removed one by one', async () => {
    handler = (request, response) => {
      if (request.method === 'POST') return answer(response, 501, 'NotImplemented');
      response.statusCode = 204;
      return response.end();
    };
    await open(keys).remove(['s3://b/1', 's3://b/2']);
    expect(requests.slice(1).map((line) => line.replace(/\?.*/, ''))).toEqual(['DELETE /b/1', 'DELETE /b/2']);
  });
});

it('a write whose first answer was lost is not taken for a conflict', async () => {
  let stored = false;
  handler = (request, response) => {
    if (request.method === 'GET') return response.end('mine');
    if (stored) return answer(response, 412, 'PreconditionFailed');
    stored = true;
    return request.socket.destroy();
  };
  await open(keys).write('s3://b/k', Buffer.from('mine'));
  expect(await failure(open(keys).write('s3://b/k', Buffer.from('other')))).toMatchObject({ code: 'ALREADY_EXISTS' });
});

describe('the identity of a store', () => {
  it('is its endpoint, and the table too where credentials open one table', () => {
    const access = (config: Record<string, string>): StorageAccess => ({
      properties: { 's3.endpoint': 'http://a:9000' },
      credentials: [{ prefix: '', config }],
    });
    expect(storeIdentity(access(keys), 's3://b/k', 's3://b/t')).toBe('http://a:9000');
    const one = storeIdentity(access(sessionKeys), 's3://b/k', 's3://b/t');
    const other = storeIdentity(access(sessionKeys), 's3://b/k', 's3://b/u');
    expect(one).not.toBe(other);
  });
});
