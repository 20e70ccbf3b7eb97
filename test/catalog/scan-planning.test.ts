import { afterEach, expect, it, vi } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import type { Delegation } from '../../src/catalog/access.js';
import type { CatalogConfig } from '../../src/catalog/config.js';
import { delegatedExchange } from '../../src/catalog/delegated-exchange.js';
import { planningOf } from '../../src/catalog/scan-planning.js';
import { ExchangeFailure, type Transport } from '../../src/catalog/transport.js';
import { SkuaError } from '../../src/errors.js';
import type { StorageAccess } from '../../src/storage/contract.js';

afterEach(() => void vi.restoreAllMocks());

const config: CatalogConfig = {
  properties: {},
  root: '/v1/w',
  supports: () => true,
  encode: (namespace) => namespace.join('.'),
  keyLifetime: undefined,
};

function planOf(transport: Transport, { delegation, access }: { delegation: Delegation; access: StorageAccess }) {
  const name = 'lake';
  return planningOf({ name, exchange: delegatedExchange({ name, delegation }, transport) }, transport, {
    token: new BearerToken('token'),
    config,
    identifier: { namespace: ['demo'], name: 't' },
    options: {},
    access,
  });
}

it('a plan that takes too long is given up, and the catalog is told so', async () => {
  const asked: string[] = [];
  const transport: Transport = {
    async exchange(_, { method, path }) {
      asked.push(`${method} ${path.replace(/.*\/tables/, '')}`);
      if (method === 'GET') vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 400_000);
      return {
        status: 200,
        text: '',
        body: { status: 'submitted', 'plan-id': 'p 1' },
        etag: undefined,
        cacheControl: '',
      };
    },
    close: async () => undefined,
  };
  const plan = planOf(transport, { delegation: 'none', access: { properties: {}, credentials: [] } });
  await expect(plan({}, undefined)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(asked).toEqual(['POST /t/plan', 'GET /t/plan/p%201', 'DELETE /t/plan/p%201']);
});

it("where the catalog has no access to give besides, the plan is asked for without, and comes with the table's own", async () => {
  const asked: (string | undefined)[] = [];
  const transport: Transport = {
    async exchange(_, { headers }) {
      const wanted = headers?.['x-iceberg-access-delegation'];
      asked.push(wanted);
      if (wanted !== undefined) {
        throw new ExchangeFailure(
          new SkuaError('INVALID_ARGUMENT', 'Credential vending is not available'),
          'refused',
          400,
        );
      }
      return {
        status: 200,
        text: '',
        body: { status: 'completed', 'plan-id': '1' },
        etag: undefined,
        cacheControl: '',
      };
    },
    close: async () => undefined,
  };
  const own = { properties: { 's3.endpoint': 'http://store' }, credentials: [{ prefix: '', config: {} }] };
  for (const delegation of ['vended', 'vended-or-static', 'none'] as const) {
    const plan = planOf(transport, { delegation, access: own });
    expect((await plan({}, undefined)).access).toBe(own);
    expect(await plan({}, undefined)).toMatchObject({ pages: [{ status: 'completed' }] });
  }
  const [both, keys] = ['vended-credentials,remote-signing', 'vended-credentials'];
  expect(asked).toEqual([both, keys, undefined, undefined, both, keys, undefined, undefined, undefined, undefined]);
});
