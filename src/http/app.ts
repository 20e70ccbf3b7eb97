/** The routes of the HTTP listener, what they have in common, and how others add theirs. */
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { type Admission, type Failure, failureOf } from '../admission/index.js';
import { SkuaError } from '../errors.js';
import { readBody } from './body.js';
import { type HttpCall, type Passage, pass, SESSION_HEADER, STATEMENT_HEADER } from './http-call.js';
import { problemOf, problemResponse, told } from './problem.js';

export interface HttpEnvironment {
  Bindings: HttpBindings;
}

export type HttpApp = Hono<HttpEnvironment>;

/** Adds routes to the listener. Whatever needs to know who calls goes through `door`. */
export type HttpRoutes = (app: HttpApp, door: Door) => void;

/** What routes reach callers by. */
export interface Door {
  /** Passes the request through the admission and answers with what the handler makes, or with the error as problem details (RFC 9457). */
  answer(exchange: HttpBindings, passage: Passage, handle: (call: HttpCall) => Promise<Response>): Promise<Response>;
  /** The same for handlers that write to the response themselves; how the call failed, or undefined if it did not. Never throws. */
  pass(
    exchange: HttpBindings,
    passage: Passage,
    handle: (call: HttpCall) => Promise<void>,
  ): Promise<Failure | undefined>;
  /** The body of a request. Too large: INVALID_ARGUMENT. */
  body(exchange: HttpBindings): Promise<Buffer>;
  /** Waits for a place among the concurrent statements, for a call that passed uncounted and turns out to be a statement. */
  occupy(call: HttpCall): Promise<void>;
}

export interface AppOptions {
  admission: Admission;
  routes: readonly HttpRoutes[];
  /** Largest body of a request, in bytes. */
  bodyBytes: number;
  /** Origins of pages that may call besides the listener's own. */
  allowedOrigins: readonly string[];
  /** Told of what no route foresaw. */
  onError(incident: string, error: unknown): void;
}

export function createApp(options: AppOptions): HttpApp {
  const { admission, bodyBytes } = options;
  const app: HttpApp = new Hono();
  app.use(secureHeaders({ crossOriginResourcePolicy: 'same-origin', referrerPolicy: 'no-referrer' }));
  if (options.allowedOrigins.length > 0) {
    app.use(
      cors({
        origin: [...options.allowedOrigins],
        allowHeaders: ['authorization', 'content-type', SESSION_HEADER],
        exposeHeaders: [SESSION_HEADER, STATEMENT_HEADER],
        maxAge: 600,
      }),
    );
  }
  const door: Door = {
    body: ({ incoming }) => readBody(incoming, bodyBytes),
    occupy: (call) => admission.occupy(call),
    pass: (exchange, passage, handle) => pass(admission, exchange, passage, handle),
    async answer(exchange, passage, handle) {
      let response: Response | undefined;
      let statement: string | undefined;
      const failure = await pass(admission, exchange, passage, async (call) => {
        if (passage.counted) statement = call.id;
        response = await handle(call);
      });
      return failure === undefined ? (response as Response) : problemResponse(problemOf(failure, statement));
    },
  };
  for (const add of options.routes) add(app, door);
  app.notFound(({ req }) =>
    refuse(new SkuaError('NOT_FOUND', `there is nothing at ${told(`${req.method} ${req.path}`)}`)),
  );
  app.onError((error) => {
    const failure = failureOf(error);
    if (failure.incident !== undefined) options.onError(failure.incident, error);
    return problemResponse(problemOf(failure));
  });
  return app;
}

function refuse(error: SkuaError): Response {
  return problemResponse(problemOf({ error }));
}
