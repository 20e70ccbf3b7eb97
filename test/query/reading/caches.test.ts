import { expect, it } from 'vitest';
import { SkuaError } from '../../../src/errors.js';
import { createMetadataCache } from '../../../src/iceberg/index.js';
import type { StatementContext } from '../../../src/query/environment.js';
import { metadataCacheOf, type PinnedTable } from '../../../src/query/tables/tables.js';

const context = { environment: { metadataCache: createMetadataCache(1000) } } as unknown as StatementContext;
const tableAt = (location: string) =>
  ({
    metadata: { location },
    loaded: {
      storage: { properties: {}, credentials: [{ prefix: location, config: { 's3.session-token': 'vended' } }] },
    },
  }) as unknown as PinnedTable;

it('a manifest that was read with the access of one table does not serve another whose metadata names it', async () => {
  const location = 's3://bucket/one/metadata/m0.avro';
  const one = metadataCacheOf(context, tableAt('s3://bucket/one'));
  const other = metadataCacheOf(context, tableAt('s3://bucket/other'));
  const refused = () => Promise.reject(new SkuaError('PERMISSION_DENIED', 'no'));
  await one.bytes(location, async () => Buffer.from('manifest'));
  await expect(other.bytes(location, refused)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(await one.bytes(location, refused)).toEqual(Buffer.from('manifest'));
});
