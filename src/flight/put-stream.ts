/** What a client sends with DoPut: a descriptor on the first message, then an IPC stream of a schema and record batches. */
import type { Schema } from 'apache-arrow';
import { batchBytes, type ColumnarBatch, IpcDecoder, withoutUnions } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import type { IncomingFlightData } from './flight-data.js';
import type { FlightDescriptor } from './messages.js';

export interface Parameters {
  schema: Schema;
  batches: ColumnarBatch[];
}

export class PutStream {
  readonly #messages: PatientMessages;
  readonly #signal: AbortSignal;
  readonly #decoder = new IpcDecoder({ untrusted: true });
  #pending: IncomingFlightData | undefined;

  private constructor(
    readonly descriptor: FlightDescriptor,
    first: IncomingFlightData,
    messages: PatientMessages,
    signal: AbortSignal,
  ) {
    this.#pending = first;
    this.#messages = messages;
    this.#signal = signal;
  }

  /**
   * Waits for the first message. None, or one without a descriptor: INVALID_ARGUMENT. Where the client sends nothing for `idleTimeout`
   * milliseconds, now or later: DEADLINE_EXCEEDED.
   */
  static async open(
    source: AsyncIterable<IncomingFlightData>,
    signal: AbortSignal,
    idleTimeout: number,
  ): Promise<PutStream> {
    const messages = new PatientMessages(source[Symbol.asyncIterator](), signal, idleTimeout);
    const first = await messages.next();
    signal.throwIfAborted();
    if (first.value?.malformed) throw first.value.malformed;
    if (first.done || first.value.descriptor === undefined) {
      throw new SkuaError('INVALID_ARGUMENT', 'the first message of DoPut must have a flight descriptor');
    }
    return new PutStream(first.value.descriptor, first.value, messages, signal);
  }

  /** The schema of the batches; undefined where the client sent none before it ended its side. */
  async schema(): Promise<Schema | undefined> {
    while (this.#decoder.schema === undefined) {
      const message = await this.#next();
      if (message === undefined) return undefined;
      if (message.header.byteLength > 0) this.#decoder.decode(message.header, message.body);
    }
    return this.#decoder.schema;
  }

  /** The batches that follow the schema. A stream that breaks off throws CANCELLED; it never looks like a complete one. */
  async *batches(): AsyncGenerator<ColumnarBatch> {
    if ((await this.schema()) === undefined) return;
    for (;;) {
      const message = await this.#next();
      if (message === undefined) return;
      if (message.header.byteLength === 0) continue;
      const batch = this.#decoder.decode(message.header, message.body);
      if (batch !== undefined) yield batch;
    }
  }

  /** All batches at once. More than `maximumBytes`: RESOURCE_EXHAUSTED. Undefined without a schema, or with one that has no columns. */
  async parameters(maximumBytes: number): Promise<Parameters | undefined> {
    const batches: ColumnarBatch[] = [];
    let bytes = 0;
    for await (const batch of this.batches()) {
      bytes += batchBytes(batch);
      if (bytes > maximumBytes) {
        throw new SkuaError(
          'RESOURCE_EXHAUSTED',
          `more than ${maximumBytes} bytes of parameters; load that many rows with bulk ingest instead`,
        );
      }
      batches.push(batch);
    }
    const schema = await this.schema();
    return schema === undefined || schema.fields.length === 0 ? undefined : withoutUnions({ schema, batches });
  }

  async #next(): Promise<IncomingFlightData | undefined> {
    if (this.#pending !== undefined) {
      const message = this.#pending;
      this.#pending = undefined;
      return message;
    }
    const next = await this.#messages.next();
    if (next.done) await settled();
    this.#signal.throwIfAborted();
    if (next.done) return undefined;
    if (next.value.malformed) throw next.value.malformed;
    return next.value;
  }
}

/** Messages that are waited for until the call is stopped, or for so long. */
class PatientMessages {
  readonly #messages: AsyncIterator<IncomingFlightData>;
  readonly #signal: AbortSignal;
  /** Milliseconds. */
  readonly #idleTimeout: number;

  constructor(messages: AsyncIterator<IncomingFlightData>, signal: AbortSignal, idleTimeout: number) {
    this.#messages = messages;
    this.#signal = signal;
    this.#idleTimeout = idleTimeout;
  }

  async next(): Promise<IteratorResult<IncomingFlightData>> {
    const signal = this.#signal;
    let stopWaiting = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      const onAbort = () => reject(signal.reason);
      const seconds = this.#idleTimeout / 1000;
      const silence = new SkuaError('DEADLINE_EXCEEDED', `the client sent nothing for ${seconds} s`);
      const timer = setTimeout(() => reject(silence), this.#idleTimeout);
      signal.addEventListener('abort', onAbort);
      stopWaiting = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
    });
    try {
      return await Promise.race([this.#messages.next(), givenUp]);
    } finally {
      stopWaiting();
    }
  }
}

/**
 * Some clients end their side of the stream while they cancel it, so that the end arrives together with the cancel but is reported before.
 * After two turns of the event loop both are known.
 */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
}
