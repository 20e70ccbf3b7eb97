import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCatalog, startEmbeddedStack, startIssuer } from '../../src/embedded/index.js';
import { asUser, tableRequest, withToken } from './client.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skua-durable-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a stack with a folder', () => {
  it('comes back with its users, keys, grants, namespaces and tables', async () => {
    const first = await startEmbeddedStack({
      folder,
      issuer: { users: [{ name: 'ada', password: 'lovelace', roles: ['engineer'] }] },
      catalog: { grants: { engineer: ['CATALOG_MANAGE_CONTENT'] } },
    });
    const token = await first.token('ada');
    const ada = await asUser(first, 'ada');
    await ada('POST', 'namespaces', { namespace: ['kept'], properties: { owner: 'ada' } });
    const table = await ada('POST', 'namespaces/kept/tables', tableRequest('t'));
    const { issuer, jwksUrl, port } = first.issuer;
    await first.close();

    const second = await startEmbeddedStack({ folder, issuer: { port } });
    try {
      expect(second.issuer.issuer).toBe(issuer);
      await jwtVerify(token, createRemoteJWKSet(new URL(jwksUrl)), { issuer });
      expect(decodeJwt(await second.token('ada')).sub).toBe(decodeJwt(token).sub);
      await expect(second.token('testuser')).rejects.toThrow('the issuer has no user testuser');
      const again = withToken(second.catalog.uri, token);
      expect((await again('GET', 'namespaces')).body.namespaces).toEqual([['demo'], ['kept']]);
      const loaded = await again('GET', 'namespaces/kept/tables/t');
      expect(loaded.body.metadata).toEqual(table.body.metadata);
      expect((await again('GET', 'namespaces/kept')).body.properties.owner).toBe('ada');
    } finally {
      await second.close();
    }
  });

  it('keeps no password in its files', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.sort()).toEqual(['catalog.json', 'issuer.json']);
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8')).not.toContain('lovelace');
  });
});

describe('a stack without a folder', () => {
  it('leaves nothing behind', async () => {
    const stack = await startEmbeddedStack();
    expect(existsSync(stack.folder)).toBe(true);
    await stack.close();
    expect(existsSync(stack.folder)).toBe(false);
  });
});

describe('a catalog alone', () => {
  it('finds the keys of its issuer by discovery, and takes other claims if told so', async () => {
    const issuer = await startIssuer({ realm: 'other', audience: 'lake' });
    const catalog = await startCatalog({
      issuer: { issuer: issuer.issuer, audience: 'lake', nameClaim: 'login', rolesClaim: 'groups' },
      warehouse: { kind: 'local', folder: join(folder, 'alone') },
      name: 'lake',
      grants: { readers: ['NAMESPACE_LIST'] },
      namespaces: [['a'], ['a', 'b']],
    });
    try {
      const token = await issuer.issue({ login: 'eve', groups: ['readers', 'strangers'] });
      const eve = withToken(catalog.uri, token);
      expect((await eve('GET', '/lake/namespaces?parent=a')).body.namespaces).toEqual([['a', 'b']]);
      expect((await eve('GET', '/lake/namespaces/a/tables')).body.error.message).toBe(
        "Principal 'eve' with activated PrincipalRoles '[readers]' and activated grants via '[readers]' " +
          'is not authorized for op LIST_TABLES',
      );
      await issuer.close();
      expect((await eve('GET', '/lake/namespaces')).status).toBe(200);
    } finally {
      await catalog.close();
    }
  });

  it('answers 503, not 401, while its issuer has never been reached', async () => {
    const issuer = await startIssuer();
    const token = await issuer.token('adminuser');
    await issuer.close();
    const catalog = await startCatalog({
      issuer: { issuer: issuer.issuer },
      warehouse: { kind: 'local', folder: join(folder, 'deaf') },
    });
    try {
      expect((await withToken(catalog.uri, token)('GET', 'namespaces')).status).toBe(503);
    } finally {
      await catalog.close();
    }
  });
});
