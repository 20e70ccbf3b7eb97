/**
 * Files that a plan names by signed addresses: whoever has one may read the file, so none is kept, shown or told. In all else the files go by
 * their locations in the store, which is also how position deletes know them.
 */
import { SkuaError } from '../../errors.js';
import type { StorageAccess } from '../../storage/contract.js';
import type { CatalogPlan } from '../contract.js';
import { asArray, asObject, optional } from '../json-reader.js';
import type { DataFile, DeleteFile } from '../types.js';

export class SignedFiles {
  readonly #tableLocation: string;
  readonly #again: () => Promise<CatalogPlan>;
  readonly #addresses = new Map<string, string>();
  /** Locations that are not those in the store, which the address does not tell. */
  readonly #unknown = new Set<string>();
  #renewal: Promise<void> | undefined;

  /** `tableLocation` tells the bucket; `again` asks for the same plan, with new addresses. */
  constructor(tableLocation: string, again: () => Promise<CatalogPlan>) {
    this.#tableLocation = tableLocation;
    this.#again = again;
  }

  /** The file under its location in the store. */
  take<F extends DataFile | DeleteFile>(file: F): F {
    if (!isAddress(file.location)) return file;
    const { location, isKnown } = this.#locationOf(file.location);
    if (!isKnown) this.#unknown.add(location);
    this.#addresses.set(location, file.location);
    return { ...file, location };
  }

  /** Position deletes name data files by their locations: UNIMPLEMENTED where the file's is not known. */
  requireFound(file: DataFile, deletes: readonly DeleteFile[]): void {
    if (!this.#unknown.has(file.location)) return;
    if (!deletes.some(({ content, format }) => content === 'position-deletes' && format !== 'puffin')) return;
    throw new SkuaError(
      'UNIMPLEMENTED',
      "The catalog's plan names data files by addresses from which their place in the store can't be told, and files of position deletes apply to them",
    );
  }

  /** The plan's access, with the addresses where there are any. */
  access(access: StorageAccess): StorageAccess {
    if (this.#addresses.size === 0) return access;
    return {
      ...access,
      signed: {
        addressOf: (location) => this.#addresses.get(location),
        renew: () => this.#renew(),
      },
    };
  }

  /** Once for all whose addresses have expired meanwhile. */
  #renew(): Promise<void> {
    this.#renewal ??= (async () => {
      try {
        const { pages } = await this.#again();
        for (const address of addressesIn(pages)) this.#addresses.set(this.#locationOf(address).location, address);
      } finally {
        this.#renewal = undefined;
      }
    })();
    return this.#renewal;
  }

  /**
   * `https://bucket.host/key?…` and `https://host/bucket/key?…` are `s3://bucket/key`; what has the table's path in its own lies there. Of others
   * it is the address itself, without its query.
   */
  #locationOf(address: string): { location: string; isKnown: boolean } {
    const url = new URL(address);
    const [, scheme, bucket] = /^(s3[an]?):\/\/([^/]+)/.exec(this.#tableLocation) ?? [];
    const path = decoded(url.pathname);
    if (bucket !== undefined && path !== undefined) {
      if (path.startsWith(`/${bucket}/`)) {
        return { location: `${scheme}://${bucket}${path.slice(bucket.length + 1)}`, isKnown: true };
      }
      if (url.hostname.startsWith(`${bucket}.`)) return { location: `${scheme}://${bucket}${path}`, isKnown: true };
    }
    const table = `${this.#tableLocation.replace(/^[a-z0-9]+:\/\/[^/]*|^file:/, '')}/`;
    const start = path?.indexOf(table) ?? -1;
    if (table !== '/' && start >= 0) {
      return { location: `${this.#tableLocation}/${path?.slice(start + table.length)}`, isKnown: true };
    }
    return { location: `${url.origin}${url.pathname}`, isKnown: false };
  }
}

function isAddress(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function addressesIn(pages: CatalogPlan['pages']): string[] {
  return pages.flatMap((page) => {
    const tasks = (optional(page['file-scan-tasks'], 'file-scan-tasks', asArray) ?? []).map(
      (task) => asObject(task, 'file-scan-tasks')['data-file'],
    );
    const deletes = optional(page['delete-files'], 'delete-files', asArray) ?? [];
    return [...tasks, ...deletes].flatMap((file) => {
      const path = asObject(file, 'file')['file-path'];
      return typeof path === 'string' && isAddress(path) ? [path] : [];
    });
  });
}
