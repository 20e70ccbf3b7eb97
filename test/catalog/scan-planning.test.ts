import { afterEach, expect, it, vi } from 'vitest';
import { BearerToken } from '../../src/auth/principal.js';
import type { CatalogConfig } from '../../src/catalog/config.js';
import { delegatedExchange } from '../../src/catalog/delegated-exchange.js';
import { planningOf } from '../../src/catalog/scan-planning.js';
import type { Transport } from '../../src/catalog/transport.js';

afterEach(() => void vi.restoreAllMocks());

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
  const config: CatalogConfig = {
    properties: {},
    root: '/v1/w',
    supports: () => true,
    encode: (namespace) => namespace.join('.'),
    keyLifetime: undefined,
  };
  const plan = planningOf(
    { name: 'lake', exchange: delegatedExchange({ name: 'lake', delegation: 'none' }, transport) },
    transport,
    {
      token: new BearerToken('token'),
      config,
      identifier: { namespace: ['demo'], name: 't' },
      options: {},
      access: { properties: {}, credentials: [] },
    },
  );
  await expect(plan({}, undefined)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(asked).toEqual(['POST /t/plan', 'GET /t/plan/p%201', 'DELETE /t/plan/p%201']);
});
