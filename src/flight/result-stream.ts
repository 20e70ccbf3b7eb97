/** Sends a result: schema, then batches, never further ahead of the client than one message. */
import type { Writable } from 'node:stream';
import { batchBytes, encodeSchemaMessage, splitBatch } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import type { StatementStream } from '../query/contract.js';
import { markPhase } from '../query/index.js';
import { type BodyCompression, batchEncoder } from './compression.js';
import type { FlightCall } from './flight-call.js';
import { headerOnly, type OutgoingFlightData } from './flight-data.js';

/** A result with its schema; pulled, never pushed. */
export type ResultStream = Pick<StatementStream, 'schema' | 'batches'>;

export interface SendOptions {
  /** Larger batches are split by rows to about this size, in bytes: some clients refuse messages of 4 MiB. */
  messageBytes: number;
  /** A result with more rows ends with RESOURCE_EXHAUSTED. */
  resultRows: number;
  /** Where the client does not say otherwise. */
  compression: BodyCompression;
}

/** Throws when the call is aborted, or what the batches throw; in both cases the batches' producer has been told to stop. */
export async function sendResult(
  result: ResultStream,
  call: FlightCall,
  writable: Writable,
  options: SendOptions,
): Promise<void> {
  const { report, signal } = call;
  const writer = new MessageWriter(writable, signal);
  const encode = batchEncoder(call.compression ?? options.compression);
  report.rows = 0;
  report.bytes = 0;
  try {
    await writer.write(headerOnly(encodeSchemaMessage(result.schema)));
    for await (const batch of result.batches) {
      signal.throwIfAborted();
      if (report.rows === 0) markPhase(call, 'rows');
      if (report.rows + batch.length > options.resultRows) {
        throw new SkuaError(
          'RESOURCE_EXHAUSTED',
          `the result has more than ${options.resultRows} rows, which is the limit`,
        );
      }
      for (const piece of splitBatch(result.schema, batch, options.messageBytes)) {
        await writer.write(await encode(piece));
        report.rows += piece.length;
        report.bytes += batchBytes(piece);
      }
    }
    await writer.flushed();
  } finally {
    writer.close();
  }
}

/** Writes with one message under way: a second write waits until the client's window took the first. */
class MessageWriter {
  readonly #writable: Writable;
  readonly #signal: AbortSignal;
  #underWay: Promise<void> = Promise.resolve();
  #reject: ((reason: unknown) => void) | undefined;
  readonly #onAbort = () => this.#reject?.(this.#signal.reason);

  constructor(writable: Writable, signal: AbortSignal) {
    this.#writable = writable;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort);
  }

  async write(message: OutgoingFlightData): Promise<void> {
    await this.flushed();
    this.#underWay = new Promise((resolve, reject) => {
      // gRPC forgets the callback of a write when the call is cancelled, hence the second way out.
      this.#reject = reject;
      this.#writable.write(message, (error) => (error ? reject(error) : resolve()));
    });
    // Its failure is seen by whoever waits for it next.
    this.#underWay.catch(() => {});
  }

  async flushed(): Promise<void> {
    await this.#underWay;
    this.#signal.throwIfAborted();
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
