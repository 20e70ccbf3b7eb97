import { describe, expect, it } from 'vitest';
import { credentialsOf } from '../../src/catalog/access.js';
import { createCredentialSource } from '../../src/storage/credentials.js';

const keys = { accessKeyId: 'STATIC', secretAccessKey: 'secret' };

function keyFor(location: string, allowedLocations?: string[]): Promise<string | undefined> {
  const credentials = credentialsOf({}, 'none', { ...keys, allowedLocations }, false);
  const source = createCredentialSource({ properties: {}, credentials });
  return source.propertiesFor(location).then((properties) => properties['s3.access-key-id']);
}

describe('a static key', () => {
  it('opens whatever a table names, unless it is told otherwise', async () => {
    expect(await keyFor('s3://anywhere/file')).toBe('STATIC');
  });

  it.each(['s3://lake/warehouse/db/t/f.parquet', 's3a://lake/warehouse/f', 's3://imports/f'])(
    'opens an allowed location: %s',
    async (location) => {
      expect(await keyFor(location, ['s3://lake/warehouse', 's3a://imports/'])).toBe('STATIC');
    },
  );

  it.each([
    's3://lake/other/f',
    's3://lake/warehouse2/f',
    's3://lake/warehouse/../other/f',
    's3://imports-of-others/f',
    's3://lake',
  ])('opens no other location: %s', async (location) => {
    const opened = keyFor(location, ['s3://lake/warehouse', 's3://imports']);
    await expect(opened).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(location),
    });
  });
});
