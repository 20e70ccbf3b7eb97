/** Sends OpenLineage events. */
import type { ColumnLineage, StatementEntry } from '../query/index.js';
import { type EventOptions, runEvent } from './lineage-event.js';
import { RotatingFile } from './rotating-file.js';

export interface LineageOptions extends EventOptions {
  /** Where events are POSTed to, and the key that is sent as bearer token; or a file, a JSON object a line. */
  url?: string | undefined;
  apiKey?: string | undefined;
  file?: string | undefined;
  onError(error: unknown): void;
}

/** Events that wait to be sent; with more, the oldest are lost. */
const MOST_WAITING = 1000;
const SEND_TIMEOUT = 10_000;
const LARGEST_FILE = 64 * 2 ** 20;

export class Lineage {
  readonly #options: LineageOptions;
  readonly #file: RotatingFile | undefined;
  #waiting: object[] = [];
  #sending: Promise<void> | undefined;
  /** Events that wait for the lineage of their columns. */
  readonly #traced = new Set<Promise<void>>();

  constructor(options: LineageOptions) {
    this.#options = options;
    const { file, onError } = options;
    if (file !== undefined) this.#file = new RotatingFile({ path: file, largest: LARGEST_FILE, kept: 1, onError });
  }

  /** Events of statements that touched tables; of others there are none. `columns` is what those that it wrote are made of. */
  statement(entry: StatementEntry, columns?: Promise<readonly ColumnLineage[]>): void {
    if (entry.tables.length === 0) return;
    if (columns === undefined) {
      this.#send(runEvent(entry, [], this.#options));
      return;
    }
    const traced = columns
      .then((found) => this.#send(runEvent(entry, found, this.#options)))
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => this.#traced.delete(traced));
    this.#traced.add(traced);
  }

  #send(event: object): void {
    this.#file?.write(JSON.stringify(event));
    if (this.#options.url === undefined) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#sending ??= this.#sendAll(this.#options.url).finally(() => {
      this.#sending = undefined;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#traced);
    await this.#file?.flush();
    await this.#sending;
  }

  /** What can't be sent is told and left out: lineage never holds up a statement. */
  async #sendAll(url: string): Promise<void> {
    const { apiKey, onError } = this.#options;
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          },
          body: JSON.stringify(event),
          redirect: 'error',
          signal: AbortSignal.timeout(SEND_TIMEOUT),
        });
        await response.body?.cancel();
        if (!response.ok) onError(new Error(`answered with status ${response.status}`));
      } catch (error) {
        onError(error);
      }
    }
  }
}
