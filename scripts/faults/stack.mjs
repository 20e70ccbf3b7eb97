/** An embedded stack of a trial's own, whose catalog and store are reached through proxies that do harm. */
import { join } from 'node:path';
import { startEmbeddedStack } from '../../dist/embedded/index.js';
import { placeOf } from './place.mjs';
import { conflict, startProxy } from './proxy.mjs';

/** Tokens outlive any trial. */
const tokenLifetime = 24 * 3600;

/**
 * `{ place, stack, proxy }`: see `placeOf`; `users` are the issuer's, without which it has its own; `proxy` stands before the catalog. What is to be
 * closed is added to `closing`.
 */
export async function startHarmedStack(store, { folder, closing, rate, random, users }) {
  const place = await placeOf(store, { folder, closing, rate, random });
  const stack = await startEmbeddedStack({
    folder: join(folder, 'stack'),
    issuer: { lifetimeSeconds: tokenLifetime, ...(users && { users }) },
    catalog: {
      properties: { 'polaris.config.drop-with-purge.enabled': 'true' },
      idempotencyKeyLifetime: 0,
      ...place.catalog,
    },
  });
  closing.push(() => stack.close());
  const isChange = ({ method }) => method === 'POST';
  const proxy = await startProxy({
    target: stack.catalog.uri,
    rate,
    random,
    conflict,
    isChange,
    rewrite: place.rewrite,
  });
  closing.push(() => proxy.close());
  return { place, stack, proxy };
}
