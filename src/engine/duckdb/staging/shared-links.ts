/**
 * Links that the statements of a session share: for as long as one follows another, what they read keeps its name, and the engine need not open it
 * anew.
 */
interface SharedLink {
  path: string;
  key: string;
  /** What stays on disk for it. */
  bytes: number;
  users: number;
  timer?: NodeJS.Timeout;
  /** No statement takes it any more. */
  isForgotten?: boolean;
}

/** How long a link stays that nobody uses, in milliseconds: longer than the engine keeps the file attached. */
export const LINK_LIFETIME = 10_000;
/** How many links stay that nobody uses. */
const MOST_IDLE = 500;

export class SharedLinks {
  readonly #byKey = new Map<string, SharedLink[]>();
  readonly #byPath = new Map<string, SharedLink>();
  /** What nobody uses; what was left last comes last. */
  readonly #idle = new Set<SharedLink>();
  readonly #unlink: (path: string) => Promise<void>;
  readonly #mostIdleBytes: number;
  #idleBytes = 0;
  #isClosed = false;

  /** `mostIdleBytes`: how much may stay on disk for links that nobody uses. */
  constructor(unlink: (path: string) => Promise<void>, mostIdleBytes: number) {
    this.#unlink = unlink;
    this.#mostIdleBytes = mostIdleBytes;
  }

  /**
   * The path of a link that is there of what the key stands for, which is the statement's too until it leaves it. `isOther` says which are none of
   * those that the statement has.
   */
  take(key: string, isOther: (path: string) => boolean = () => true): string | undefined {
    const link = this.#byKey.get(key)?.find(({ path }) => isOther(path));
    if (!link) return undefined;
    this.#wake(link);
    link.users++;
    return link.path;
  }

  /** Shares a statement's own link. `bytes`: what stays on disk for it. */
  offer(key: string, path: string, bytes: number): void {
    if (this.#isClosed || this.#byPath.has(path)) return;
    const link: SharedLink = { path, key, bytes, users: 1 };
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), link]);
    this.#byPath.set(path, link);
  }

  /** False for a link that is not shared. */
  async leave(path: string): Promise<boolean> {
    const link = this.#byPath.get(path);
    if (!link) return false;
    link.users--;
    if (link.users > 0) return true;
    if (link.isForgotten || this.#isClosed) await this.#remove(link);
    else await this.#rest(link);
    return true;
  }

  /** What the key stands for is not to be read any more. */
  forget(key: string): void {
    for (const link of this.#byKey.get(key) ?? []) link.isForgotten = true;
    this.#byKey.delete(key);
  }

  /** Removes what nobody uses, and from now on each link when the last statement leaves it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle].map((link) => this.#remove(link)));
  }

  async #rest(link: SharedLink): Promise<void> {
    link.timer = setTimeout(() => void this.#remove(link), LINK_LIFETIME).unref();
    this.#idle.add(link);
    this.#idleBytes += link.bytes;
    const removed: Promise<void>[] = [];
    for (const oldest of this.#idle) {
      if (this.#idle.size <= MOST_IDLE && this.#idleBytes <= this.#mostIdleBytes) break;
      removed.push(this.#remove(oldest));
    }
    await Promise.all(removed);
  }

  #wake(link: SharedLink): void {
    clearTimeout(link.timer);
    if (this.#idle.delete(link)) this.#idleBytes -= link.bytes;
  }

  async #remove(link: SharedLink): Promise<void> {
    this.#wake(link);
    this.#byPath.delete(link.path);
    const left = this.#byKey.get(link.key)?.filter((other) => other !== link) ?? [];
    if (left.length > 0) this.#byKey.set(link.key, left);
    else this.#byKey.delete(link.key);
    await this.#unlink(link.path);
  }
}
