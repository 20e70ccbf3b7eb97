import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface RotatingFileOptions {
  path: string;
  /** A file that has grown beyond gets the ending `.1`, the one before it `.2`, and so on, in bytes. */
  largest: number;
  /** Files besides the one that is written; the oldest goes. */
  kept: number;
  /** Told of what could not be written. */
  onError(error: unknown): void;
}

/** Lines, appended in their order behind the back of whoever writes them. Only the server's own user may read the file. */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #size: number | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    this.#waiting.push(line);
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Waits until all that was written is on disk. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // Lines of one turn of the event loop go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const text = this.#waiting.map((line) => `${line}\n`).join('');
      this.#waiting = [];
      try {
        await this.#append(text);
      } catch (error) {
        this.#options.onError(error);
      }
    }
  }

  async #append(text: string): Promise<void> {
    const { path, largest } = this.#options;
    if (this.#size === undefined) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      this.#size = (await stat(path).catch(() => undefined))?.size ?? 0;
    }
    const bytes = Buffer.byteLength(text);
    if (this.#size > 0 && this.#size + bytes > largest) await this.#rotate();
    await appendFile(path, text, { mode: 0o600 });
    this.#size += bytes;
  }

  async #rotate(): Promise<void> {
    const { path, kept } = this.#options;
    if (kept === 0) await rm(path, { force: true });
    for (let number = kept; number > 0; number--) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      await rename(from, `${path}.${number}`).catch(() => undefined);
    }
    this.#size = 0;
  }
}
