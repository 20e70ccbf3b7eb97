import type { Duplex } from 'node:stream';
import { deserialize, serialize } from 'node:v8';

const LENGTH_BYTES = 4;

/**
 * Messages over a stream: the length of each in four bytes, little-endian, then its structured clone. What a message holds is checked by
 * whoever takes it.
 */
export class Channel {
  readonly #stream: Duplex;
  readonly #onMessage: (message: unknown) => void;
  readonly #onEnd: (error?: Error) => void;
  #pending: Buffer[] = [];
  #length = 0;
  #draining: Promise<void> | undefined;

  /** `onMessage` is called for each message in order; `onEnd` once, with what went wrong if anything did. */
  constructor(stream: Duplex, onMessage: (message: unknown) => void, onEnd: (error?: Error) => void) {
    this.#stream = stream;
    this.#onMessage = onMessage;
    this.#onEnd = onEnd;
    let ended = false;
    const end = (error?: Error) => {
      if (!ended) this.#onEnd(error);
      ended = true;
    };
    stream.on('data', (chunk: Buffer) => {
      try {
        this.#take(chunk);
      } catch (error) {
        stream.destroy(error as Error);
      }
    });
    stream.on('error', end);
    stream.on('close', () => end());
    stream.on('end', () => stream.destroy());
  }

  /** Sends one message. False while the other side is behind; `drained` then tells when it has caught up. */
  send(message: unknown): boolean {
    if (this.#stream.destroyed) return true;
    const body = serialize(message);
    const head = Buffer.allocUnsafe(LENGTH_BYTES);
    head.writeUInt32LE(body.length);
    this.#stream.cork();
    this.#stream.write(head);
    const keepsUp = this.#stream.write(body);
    this.#stream.uncork();
    return keepsUp;
  }

  drained(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        this.#draining = undefined;
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
    return this.#draining;
  }

  close(): void {
    this.#stream.destroy();
  }

  #take(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= LENGTH_BYTES) {
      const first = this.#first(LENGTH_BYTES);
      const size = LENGTH_BYTES + first.readUInt32LE(0);
      if (this.#length < size) return;
      const frame = this.#first(size);
      this.#drop(size);
      this.#onMessage(deserialize(frame.subarray(LENGTH_BYTES)));
    }
  }

  /** The first bytes in one piece. */
  #first(bytes: number): Buffer {
    const [head] = this.#pending;
    if (head && head.length >= bytes) return head;
    const joined = Buffer.concat(this.#pending);
    this.#pending = [joined];
    return joined;
  }

  #drop(bytes: number): void {
    const [head] = this.#pending;
    this.#length -= bytes;
    if (head && head.length > bytes) this.#pending[0] = head.subarray(bytes);
    else this.#pending.shift();
  }
}
