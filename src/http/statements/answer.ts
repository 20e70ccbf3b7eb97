/** Sends a result, never further ahead of the client than one batch, so that what is cut short never looks whole. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ColumnarBatch } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import type { StatementStream } from '../../query/contract.js';
import { markPhase } from '../../query/index.js';
import { untilAborted } from '../../signal.js';
import { type Exchange, type HttpCall, SESSION_HEADER, STATEMENT_HEADER } from '../http-call.js';
import { type Problem, problemHeaders, problemText } from '../problem.js';
import type { ResultFormat } from './formats.js';

/** Trailers of an answer: the name of the gRPC status, the sentence percent-encoded, the rows. */
const TRAILERS = { status: 'skua-status', message: 'skua-message', rows: 'skua-rows' } as const;

export interface AnswerOptions {
  format: ResultFormat;
  /** A result with more rows ends with RESOURCE_EXHAUSTED. */
  resultRows: number;
}

/** Resolves when the client has it all. Throws what the batches throw, or why the call was stopped. */
export async function sendResult(
  result: StatementStream,
  call: HttpCall,
  { outgoing }: Exchange,
  { format, resultRows }: AnswerOptions,
): Promise<void> {
  const { report, signal } = call;
  report.rows = 0;
  report.bytes = 0;
  const counted = { schema: result.schema, batches: counting(result.batches, call, resultRows) };
  for await (const pieces of format.encode(counted)) {
    signal.throwIfAborted();
    // An error until here has a status of its own.
    if (!outgoing.headersSent) writeHead(outgoing, call, format);
    for (const { byteLength } of pieces) report.bytes += byteLength;
    await write(outgoing, pieces, signal);
  }
  outgoing.addTrailers({ [TRAILERS.status]: 'OK', [TRAILERS.rows]: String(report.rows) });
  await end(outgoing, signal);
}

/**
 * Says that a statement failed: as the answer, where nothing of another was sent. Later, a client that reads trailers gets them after a body that
 * its format shows to be broken; for all others the connection is cut.
 */
export function sendFailure(problem: Problem, format: ResultFormat | undefined, exchange: Exchange): void {
  const { incoming, outgoing } = exchange;
  if (!outgoing.headersSent) {
    outgoing.writeHead(problem.status, {
      ...problemHeaders(problem),
      ...(problem.statement === undefined ? {} : { [STATEMENT_HEADER]: problem.statement }),
      // What the client still sends of a request that was refused is not read.
      ...(incoming.complete ? {} : { connection: 'close' }),
    });
    outgoing.end(problemText(problem));
    return;
  }
  const readsTrailers = /\btrailers\b/i.test(incoming.headers.te?.toString() ?? '');
  // What has not left yet may lie in memory that is somebody else's by now.
  const isWriting = outgoing.writableLength > 0;
  if (!readsTrailers || format?.broken === undefined || outgoing.destroyed || isWriting) {
    cut(outgoing.socket);
    return;
  }
  outgoing.addTrailers({ [TRAILERS.status]: problem.code, [TRAILERS.message]: encodeURIComponent(problem.detail) });
  outgoing.end(format.broken);
}

function writeHead(outgoing: ServerResponse, call: HttpCall, { type }: ResultFormat): void {
  const session = call.sessionToSend();
  outgoing.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-store',
    [STATEMENT_HEADER]: call.id,
    ...(session === undefined ? {} : { [SESSION_HEADER]: session }),
    trailer: Object.values(TRAILERS).join(', '),
  });
}

async function* counting(
  batches: AsyncIterable<ColumnarBatch>,
  call: HttpCall,
  resultRows: number,
): AsyncGenerator<ColumnarBatch> {
  const { report } = call;
  for await (const batch of batches) {
    if (report.rows === 0) markPhase(call, 'rows');
    report.rows = (report.rows ?? 0) + batch.length;
    if (report.rows > resultRows) {
      throw new SkuaError('RESOURCE_EXHAUSTED', `the result has more than ${resultRows} rows, which is the limit`);
    }
    yield batch;
  }
}

/** Resolves when the pieces have left. */
function write(outgoing: ServerResponse, pieces: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
  const written = whenDone((done) => {
    outgoing.cork();
    for (const piece of pieces.slice(0, -1)) outgoing.write(piece);
    outgoing.write(pieces.at(-1) ?? new Uint8Array(0), done);
    outgoing.uncork();
  });
  return untilAborted(written, signal);
}

function end(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  const ended = whenDone((done) => outgoing.end(() => done(null)));
  return untilAborted(ended, signal);
}

function whenDone(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error) reject(new SkuaError('CANCELLED', 'the client closed the connection', { cause: error }));
      else resolve();
    });
  });
}

/** Ends the connection in a way that can't be taken for the end of an answer. */
function cut(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return;
  // A TLS connection that ends without its closing alert is known to be cut.
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
