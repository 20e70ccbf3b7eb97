/** Links that the statements of a session share, so that the engine has what they read in its own format attached for as long as one follows another. */
import type { CacheFile } from '../../../storage/index.js';

interface SharedLink {
  path: string;
  key: string;
  users: number;
  timer?: NodeJS.Timeout;
  /** No statement takes it any more. */
  isForgotten?: boolean;
}

/** How long a link stays that nobody uses, in milliseconds: longer than the engine keeps the file attached. */
export const LINK_LIFETIME = 10_000;

export class SharedLinks {
  readonly #byFile = new Map<string, SharedLink>();
  readonly #byPath = new Map<string, SharedLink>();
  readonly #unlink: (path: string) => Promise<void>;
  #isClosed = false;

  constructor(unlink: (path: string) => Promise<void>) {
    this.#unlink = unlink;
  }

  /** The path of a link that is there, which is the statement's too until it leaves it. */
  take(file: CacheFile): string | undefined {
    const link = this.#byFile.get(keyOf(file));
    if (!link) return undefined;
    clearTimeout(link.timer);
    link.users++;
    return link.path;
  }

  /** Shares a statement's own link, unless there is one of the file already. */
  offer(file: CacheFile, path: string): void {
    const key = keyOf(file);
    if (this.#isClosed || this.#byFile.has(key)) return;
    const link: SharedLink = { path, key, users: 1 };
    this.#byFile.set(key, link);
    this.#byPath.set(path, link);
  }

  /** False for a link that is not shared. */
  async leave(path: string): Promise<boolean> {
    const link = this.#byPath.get(path);
    if (!link) return false;
    link.users--;
    if (link.users > 0) return true;
    if (link.isForgotten || this.#isClosed) await this.#remove(link);
    else link.timer = setTimeout(() => void this.#remove(link), LINK_LIFETIME).unref();
    return true;
  }

  /** The file is not to be read any more. */
  forget(file: CacheFile): void {
    const link = this.#byFile.get(keyOf(file));
    if (!link) return;
    link.isForgotten = true;
    this.#byFile.delete(link.key);
  }

  /** Removes what nobody uses, and from now on each link when the last statement leaves it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#byPath.values()].filter(({ users }) => users === 0).map((link) => this.#remove(link)));
  }

  async #remove(link: SharedLink): Promise<void> {
    clearTimeout(link.timer);
    this.#byPath.delete(link.path);
    if (this.#byFile.get(link.key) === link) this.#byFile.delete(link.key);
    await this.#unlink(link.path);
  }
}

function keyOf({ store, location, form, size }: CacheFile): string {
  return JSON.stringify([store, location, form, size]);
}
