/** A small Flight SQL server whose answers a test decides, for what the client does at the other end of the wire. */
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import { Field, Int64, Schema } from 'apache-arrow';
import {
  type ColumnarBatch,
  encodeBatch,
  encodeSchema,
  encodeSchemaMessage,
  rowsToBatch,
} from '../../src/arrow/index.js';
import {
  batchMessage,
  CancelFlightInfoRequest,
  CancelFlightInfoResult,
  encodeFlightData,
  type FlightDescriptor,
  FlightInfo,
  flightService,
  flightSql,
  headerOnly,
  openAny,
  packAny,
  unpackAny,
} from '../../src/flight/protocol.js';

export const NUMBERS = new Schema([new Field('n', new Int64(), false)]);

export function numbers(from: number, count: number): ColumnarBatch {
  return rowsToBatch(
    NUMBERS,
    Array.from({ length: count }, (_, index) => [BigInt(from + index)]),
  );
}

/** `SELECT n` streams n batches of one row, `BREAK n` fails after them, `SLOW` never ends, `UPDATE n` or `CREATE n` changes n rows, `FAIL` is refused. */
export class FlightServer {
  readonly actions: string[] = [];
  readonly metadata: Metadata[] = [];
  batchesSent = 0;
  streamsCancelled = 0;
  /** Locations of every endpoint. */
  locations: string[] = [];
  /** Endpoints of every query. */
  endpoints = 1;
  /** Whether the rows of the endpoints have an order. */
  ordered = true;
  port = 0;
  readonly #server = new Server({ 'grpc.max_metadata_size': 65536 });

  get address(): string {
    return `grpc://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { GetFlightInfo, DoGet, DoPut, DoAction } = flightService;
    const definition = {
      GetFlightInfo: { ...GetFlightInfo, responseSerialize: (value: Buffer) => value },
      DoGet: { ...DoGet, responseSerialize: (value: Buffer) => value },
      DoPut,
      DoAction,
    };
    const implementation = {
      GetFlightInfo: (
        call: ServerUnaryCall<FlightDescriptor, Buffer>,
        answer: (error: unknown, value?: Buffer) => void,
      ) => {
        this.#see(call.metadata);
        const sql = sqlOf(call.request.cmd);
        if (sql === 'FAIL') return answer({ code: status.PERMISSION_DENIED, details: "Principal 'testuser' may not." });
        answer(null, this.#info(sql));
      },
      DoGet: (call: ServerWritableStream<{ ticket: Buffer }, Buffer>) =>
        void this.#stream(call, String(call.request.ticket)),
      DoPut: (call: ServerDuplexStream<{ flight_descriptor: FlightDescriptor | null }, object>) => this.#put(call),
      DoAction: (call: ServerWritableStream<{ type: string; body: Buffer }, object>) => this.#action(call),
    };
    this.#server.addService(definition as never, implementation as never);
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #see(metadata: Metadata): void {
    this.metadata.push(metadata);
  }

  #info(sql: string): Buffer {
    const endpoint = Array.from({ length: this.endpoints }, () => ({
      ticket: { ticket: Buffer.from(sql) },
      location: this.locations.map((uri) => ({ uri })),
    }));
    const { ordered } = this;
    const [total_records, total_bytes] = ['-1', '-1'];
    return FlightInfo.encode({ schema: encodeSchema(NUMBERS), endpoint, total_records, total_bytes, ordered });
  }

  async #stream(call: ServerWritableStream<unknown, Buffer>, sql: string): Promise<void> {
    const [verb, count] = sql.split(' ');
    let cancelled = false;
    call.setMaxListeners(0);
    call.on('cancelled', () => {
      cancelled = true;
      this.streamsCancelled++;
    });
    call.write(encodeFlightData(headerOnly(encodeSchemaMessage(NUMBERS))));
    const total = verb === 'SLOW' ? Number.POSITIVE_INFINITY : Number(count);
    for (let index = 0; index < total && !cancelled; index++) {
      const batch = verb === 'BIG' ? numbers(index, 10_000) : numbers(index, 1);
      this.batchesSent++;
      if (!call.write(encodeFlightData(batchMessage(encodeBatch(batch))))) {
        await new Promise((resolve) => call.once('drain', resolve).once('cancelled', resolve));
      }
      if (verb === 'SLOW') await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (verb === 'BREAK') call.emit('error', { code: status.UNAVAILABLE, details: 'The store is down.' });
    else call.end();
  }

  #put(call: ServerDuplexStream<{ flight_descriptor: FlightDescriptor | null }, object>): void {
    this.#see(call.metadata);
    call.on('data', ({ flight_descriptor }) => {
      const count = sqlOf(flight_descriptor?.cmd ?? Buffer.alloc(0)).split(' ')[1] ?? '-1';
      call.write({ app_metadata: flightSql.DoPutUpdateResult.encode({ record_count: count }) });
    });
    call.on('end', () => call.end());
  }

  #action(call: ServerWritableStream<{ type: string; body: Buffer }, object>): void {
    const { type, body } = call.request;
    this.actions.push(type);
    this.#see(call.metadata);
    const cookie = call.metadata.clone();
    for (const name of Object.keys(cookie.getMap())) cookie.remove(name);
    cookie.add('set-cookie', 'skua-session=s1; Path=/; HttpOnly');
    call.sendMetadata(cookie);
    if (type === 'CreatePreparedStatement') {
      const { query } = unpackAny(flightSql.ActionCreatePreparedStatementRequest, body);
      const isUpdate = /(?:UPDATE|CREATE)/.test(query);
      const answer = {
        prepared_statement_handle: Buffer.from(query),
        dataset_schema: isUpdate ? Buffer.alloc(0) : encodeSchema(NUMBERS),
        parameter_schema: encodeSchema(new Schema([])),
        is_update: isUpdate,
      };
      call.write({ body: packAny(flightSql.ActionCreatePreparedStatementResult, answer) });
    } else if (type === 'CancelFlightInfo') {
      const { info } = CancelFlightInfoRequest.decode(body);
      if (info?.endpoint.length === 0) throw new Error('a FlightInfo without endpoints');
      call.write({ body: CancelFlightInfoResult.encode({ status: 'CANCEL_STATUS_CANCELLED' }) });
    }
    call.end();
  }
}

function sqlOf(command: Uint8Array): string {
  const { typeName, value } = openAny(command);
  if (typeName.includes('Prepared')) {
    return Buffer.from(flightSql.CommandPreparedStatementQuery.decode(value).prepared_statement_handle).toString();
  }
  return flightSql.CommandStatementQuery.decode(value).query;
}
