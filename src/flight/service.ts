/** The RPCs of FlightService: from gRPC's four kinds of call, through the admission, to the handler. */
import type { Writable } from 'node:stream';
import type {
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { failureOf } from '../admission/index.js';
import { encodeSchema } from '../arrow/index.js';
import { SkuaError } from '../errors.js';
import type { CallAdmission } from './call-admission.js';
import type { FlightCall, Surface } from './flight-call.js';
import { type IncomingFlightData, receiveFlightData, serializeFlightData } from './flight-data.js';
import type { FlightHandler } from './handler.js';
import { answerHandshake, type HandshakeStream, type Handshakes } from './handshake.js';
import type { Action, ActionType, FlightDescriptor, PutResult, Result, Ticket } from './messages.js';
import { flightService } from './proto.js';
import { PutStream } from './put-stream.js';
import { isReadable, readable, takingUnreadable } from './readable.js';
import { type SendOptions, sendResult } from './result-stream.js';
import { statusOf } from './status.js';

/** The service definition with our own way to write and read FlightData. */
export const serviceDefinition: ServiceDefinition = {
  ...takingUnreadable(flightService),
  DoGet: { ...method('DoGet'), responseSerialize: serializeFlightData as never },
  DoPut: { ...method('DoPut'), requestDeserialize: receiveFlightData as never },
};

function method(name: string) {
  const definition = takingUnreadable(flightService)[name];
  if (definition === undefined) throw new SkuaError('INTERNAL', `no method ${name} in proto/Flight.proto`);
  return definition;
}

export interface ServiceOptions extends SendOptions {
  /** How long a client may send nothing in the middle of DoPut, in milliseconds. */
  uploadIdleTimeout: number;
}

export function createService(
  admission: CallAdmission,
  handler: FlightHandler,
  handshakes: Handshakes,
  options: ServiceOptions,
): UntypedServiceImplementation {
  return {
    Handshake: (stream: HandshakeStream) => handshake(admission, handshakes, stream),
    ListFlights: (stream: Stream<object, object>) =>
      streaming(admission, stream, { rpc: 'ListFlights', counted: false }, async () => {
        throw new SkuaError('UNIMPLEMENTED', 'flights are not listed; ask for catalogs, schemas and tables instead');
      }),
    GetFlightInfo: unary(admission, 'GetFlightInfo', (call, descriptor: FlightDescriptor) =>
      handler.getFlightInfo(call, descriptor),
    ),
    PollFlightInfo: unary(
      admission,
      'PollFlightInfo',
      (call, descriptor: FlightDescriptor) => handler.pollFlightInfo(call, descriptor),
      (descriptor) => !handler.continuesPoll(descriptor),
    ),
    GetSchema: unary(admission, 'GetSchema', async (call, descriptor: FlightDescriptor) => ({
      schema: encodeSchema(await handler.getSchema(call, descriptor)),
    })),
    DoGet: (stream: Stream<Ticket, object>) =>
      streaming(admission, stream, { rpc: 'DoGet', counted: true }, async (call) => {
        const result = await handler.doGet(call, readable(stream.request).ticket);
        call.sendHeaders();
        await sendResult(result, call, stream as unknown as Writable, options);
      }),
    DoPut: (stream: ServerDuplexStream<IncomingFlightData, PutResult>) =>
      // Its place among the statements is taken when there is one: a client that says nothing has none.
      streaming(admission, stream, { rpc: 'DoPut', counted: false }, async (call) => {
        // By default the iterator destroys the stream when the client ends its side, and the answer with it.
        const messages = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<IncomingFlightData>;
        const put = await PutStream.open(messages, call.signal, options.uploadIdleTimeout);
        await admission.occupy(call);
        const answer = await handler.doPut(call, put);
        call.sendHeaders();
        stream.write({ app_metadata: answer });
      }),
    DoExchange: (stream: ServerDuplexStream<object, object>) =>
      streaming(admission, stream, { rpc: 'DoExchange', counted: false }, async () => {
        throw new SkuaError('UNIMPLEMENTED', 'DoExchange is not part of Flight SQL');
      }),
    DoAction: (stream: Stream<Action, Result>) =>
      // Only this action plans a statement; the others, cancel among them, must get through on a busy server too.
      streaming(
        admission,
        stream,
        { rpc: 'DoAction', counted: stream.request.type === 'CreatePreparedStatement' },
        async (call) => {
          const bodies = await handler.doAction(call, readable(stream.request));
          call.sendHeaders();
          for (const body of bodies) stream.write({ body });
        },
      ),
    ListActions: (stream: Stream<object, ActionType>) =>
      streaming(admission, stream, { rpc: 'ListActions', counted: false }, async (call) => {
        call.sendHeaders();
        for (const action of handler.actions) stream.write(action);
      }),
  };
}

type Stream<Request, Response> = ServerWritableStream<Request, Response>;

function unary<Request, Response>(
  admission: CallAdmission,
  rpc: string,
  handle: (call: FlightCall, request: Request) => Promise<Response>,
  counted: (request: Request) => boolean = () => true,
) {
  return async (surface: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>): Promise<void> => {
    let response: Response | undefined;
    const { request } = surface;
    const isCounted = isReadable(request) && counted(request);
    const failure = await admission.pass(rpc, surface, isCounted, async (call) => {
      response = await handle(call, readable(request));
      call.sendHeaders();
    });
    if (failure === undefined) callback(null, response as Response);
    else callback(statusOf(failure.error), null);
  };
}

/** Both kinds of call that answer with a stream. An error ends it with its status, also after messages were sent. */
async function streaming(
  admission: CallAdmission,
  stream: Surface & { emit(event: 'error', error: Error): boolean; end(): unknown },
  { rpc, counted }: { rpc: string; counted: boolean },
  handle: (call: FlightCall) => Promise<void>,
): Promise<void> {
  const failure = await admission.pass(rpc, stream, counted, handle);
  if (failure === undefined) stream.end();
  else stream.emit('error', statusOf(failure.error));
}

async function handshake(admission: CallAdmission, handshakes: Handshakes, stream: HandshakeStream): Promise<void> {
  try {
    await handshakes.readCredentials(stream);
  } catch (thrown) {
    stream.emit('error', statusOf(failureOf(thrown).error));
    return;
  }
  await streaming(admission, stream, { rpc: 'Handshake', counted: false }, (call) => answerHandshake(stream, call));
}
