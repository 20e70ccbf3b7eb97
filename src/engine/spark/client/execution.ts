/** One execution: its responses, also where the way to the cluster breaks while they come. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { CallContext, Connection } from './connection.js';
import { clusterFailure, isForgotten, isLost } from './failures.js';
import type { ExecuteResponse, PlanMessage, SessionFields } from './protocol.js';

/** Times that a lost stream is taken up again without a response in between. */
const MOST_TRIES = 6;
/** Before the first of them, in milliseconds; twice as long before each further one. */
const FIRST_PAUSE = 100;
/** Responses that the cluster keeps until it hears that they came. */
const KEPT_RESPONSES = 16;

export interface ExecutionContext {
  connection: Connection;
  session: SessionFields;
  call: CallContext;
}

/**
 * Runs a plan and gives each response once, in order. Aborting the signal, or leaving the loop, stops the execution there. Fails with what
 * the cluster failed with; a stream that ends before its end is taken up again where it was left.
 */
export async function* execute(
  { connection, session, call }: ExecutionContext,
  plan: PlanMessage,
  signal: AbortSignal,
): AsyncGenerator<ExecuteResponse> {
  const operation = { ...session, operation_id: randomUUID() };
  const begin = () =>
    connection.stream<ExecuteResponse>(
      'ExecutePlan',
      { ...operation, plan, request_options: [{ reattach_options: { reattachable: true } }] },
      call,
    );
  let last: string | undefined;
  const goOn = () =>
    connection.stream<ExecuteResponse>('ReattachExecute', { ...operation, last_response_id: last }, call);
  let stream: ClientReadableStream<ExecuteResponse> = begin();
  const stop = () => stream.cancel();
  signal.addEventListener('abort', stop);
  let isOver = false;
  let unheard = 0;
  try {
    for (let tries = 0; ; ) {
      signal.throwIfAborted();
      try {
        for await (const response of stream) {
          tries = 0;
          last = response.response_id;
          if (response.result_complete) {
            isOver = true;
            return;
          }
          yield response;
          if (++unheard >= KEPT_RESPONSES) {
            unheard = 0;
            release(connection, { ...operation, release_until: { response_id: last } }, call);
          }
        }
        stream = goOn();
      } catch (error) {
        const failure = clusterFailure(error);
        const isUnknown = isForgotten(failure) && last === undefined && tries > 0;
        if (signal.aborted || (!isLost(failure) && !isUnknown) || ++tries > MOST_TRIES) {
          isOver = !isLost(failure) && !signal.aborted;
          throw error;
        }
        await pause(FIRST_PAUSE * 2 ** (tries - 1), undefined, { signal });
        // An execution that was never heard of there has not begun.
        stream = isUnknown ? begin() : goOn();
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stream.cancel();
    if (!isOver) interrupt(connection, operation, call);
    release(connection, { ...operation, release_all: {} }, call);
  }
}

/** Tells the cluster and waits for no answer: what it does not hear, it forgets by itself. */
function release(connection: Connection, request: object, call: CallContext): void {
  connection.ask('ReleaseExecute', request, call).catch(() => undefined);
}

function interrupt(
  connection: Connection,
  operation: SessionFields & { operation_id: string },
  call: CallContext,
): void {
  const request = { ...operation, interrupt_type: 'INTERRUPT_TYPE_OPERATION_ID' };
  connection.ask('Interrupt', request, call).catch(() => undefined);
}
