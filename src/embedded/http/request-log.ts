export interface LoggedRequest {
  method: string;
  /** With its query, as it came. */
  path: string;
}

const KEPT = 10_000;

/** What a server was asked, newest last. */
export class RequestLog {
  #entries: LoggedRequest[] = [];
  #count = 0;

  /** All requests since the start or the last `clear`. */
  get count(): number {
    return this.#count;
  }

  /** The newest 10,000. */
  get entries(): readonly LoggedRequest[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
    this.#count = 0;
  }

  /** For the server that owns the log. */
  add(request: LoggedRequest): void {
    this.#count += 1;
    this.#entries.push(request);
    if (this.#entries.length > KEPT) this.#entries = this.#entries.slice(-KEPT / 2);
  }
}
