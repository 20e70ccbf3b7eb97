import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Issuer, type IssuerOptions, startIssuer } from './issuer/issuer.js';
import { type CatalogOptions, type EmbeddedCatalog, startCatalog } from './rest/catalog.js';

export interface EmbeddedStackOptions {
  /** Keeps users, keys, namespaces, tables, views, grants and the local warehouse. Default: a temporary folder, removed by `close`. */
  folder?: string | undefined;
  issuer?: Omit<IssuerOptions, 'folder'> | undefined;
  /** A warehouse other than `warehouse` in the folder, and all else that a catalog can be told. */
  catalog?: Partial<Omit<CatalogOptions, 'issuer' | 'folder'>> | undefined;
}

export interface EmbeddedStack {
  issuer: Issuer;
  catalog: EmbeddedCatalog;
  folder: string;
  /** A fresh access token. */
  token(user: string): Promise<string>;
  close(): Promise<void>;
}

/** Starts an issuer and a catalog that believes it, both on 127.0.0.1. */
export async function startEmbeddedStack(options: EmbeddedStackOptions = {}): Promise<EmbeddedStack> {
  const temporary = options.folder === undefined;
  const folder = options.folder === undefined ? await mkdtemp(join(tmpdir(), 'skua-')) : resolve(options.folder);
  await mkdir(folder, { recursive: true });
  let issuer: Issuer | undefined;
  try {
    const started = await startIssuer({ ...options.issuer, folder });
    issuer = started;
    const catalog = await startCatalog({
      warehouse: { kind: 'local', folder: join(folder, 'warehouse') },
      ...options.catalog,
      issuer: { issuer: started.issuer, jwksUrl: started.jwksUrl, audience: started.audience },
      folder,
    });
    return {
      issuer: started,
      catalog,
      folder,
      token: (user) => started.token(user),
      async close() {
        await catalog.close();
        await started.close();
        if (temporary) await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await issuer?.close();
    if (temporary) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
