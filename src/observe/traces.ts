/**
 * OpenTelemetry traces, sent by OTLP over HTTP: a span for each call, below it the phases of its statement and the requests that it made. Only who
 * asks for traces loads this file and the libraries behind it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname } from 'node:os';
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { StatementEntry } from '../query/index.js';
import { withoutLiterals } from '../sql/index.js';

export interface TraceOptions {
  /** Where spans are POSTed to, and the key that is sent as bearer token. */
  url: string;
  apiKey?: string | undefined;
  serviceName: string;
  version: string;
  /** Of calls whose client does not say whether they are recorded, 0 to 100. */
  samplePercent: number;
  onError(error: unknown): void;
}

/** What is looked at of a call. */
export interface TracedCall {
  readonly id: string;
  readonly origin: { rpc: string; address: string; trace?: TraceHeaders | undefined };
  readonly principal: { name: string };
  /** By the clock of `performance`, in milliseconds. */
  readonly started: number;
}

/** `traceparent` and `tracestate` as the client sent them (W3C Trace Context). */
export type TraceHeaders = Record<string, string>;

/** Requests of one call that have spans of their own; a scan of many files makes thousands. */
const MOST_REQUESTS = 200;
/** Longer texts are cut, in UTF-16 code units. */
const LONGEST_TEXT = 4096;

interface Followed {
  span: Span;
  context: Context;
  requests: number;
}

export class Traces {
  readonly #provider: TracerProvider;
  readonly #tracer;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #current = new AsyncLocalStorage<Followed>();
  readonly #followed = new WeakMap<TracedCall, Followed>();

  constructor({ url, apiKey, serviceName, version, samplePercent, onError }: TraceOptions) {
    const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    const exporter = telling(new OTLPTraceExporter({ url, headers }), onError);
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': serviceName,
        'service.version': version,
        'service.instance.id': `${hostname()}:${process.pid}`,
      }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplePercent / 100) }),
      spanProcessors: [new BatchSpanProcessor({ exporter })],
    });
    this.#tracer = this.#provider.getTracer('skua', version);
  }

  /** Does a call's work below a span of its own, which joins the trace that the client named. */
  follow<T>(call: TracedCall, work: () => Promise<T>): Promise<T> {
    const { rpc, address, trace: headers = {} } = call.origin;
    const parent = this.#propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const attributes = { ...namesOf(rpc), 'client.address': address, 'enduser.id': call.principal.name };
    const span = this.#tracer.startSpan(rpc, { kind: SpanKind.SERVER, startTime: call.started, attributes }, parent);
    const followed = { span, context: trace.setSpan(ROOT_CONTEXT, span), requests: 0 };
    this.#followed.set(call, followed);
    return this.#current.run(followed, work);
  }

  /** Ends the span of a call. `entry` is what its statement came to, where it had one. */
  ended(call: TracedCall, status: string, entry: StatementEntry | undefined): void {
    const followed = this.#followed.get(call);
    if (followed === undefined) return;
    const { span, context, requests } = followed;
    if (!span.isRecording()) return;
    if (entry !== undefined) this.#describe(call, entry, { span, context });
    if (requests > MOST_REQUESTS) span.setAttribute('skua.requests_without_span', requests - MOST_REQUESTS);
    if (status !== 'OK') {
      // Its sentence may quote a value.
      span.setStatus({ code: SpanStatusCode.ERROR, message: status });
      span.setAttribute('error.type', status);
    }
    span.end();
  }

  /** A request of the call that is under way, which is over now. */
  requested(to: string, request: { verb: string; status: number | 'none'; milliseconds: number }): void {
    const followed = this.#current.getStore();
    if (followed === undefined || !followed.span.isRecording()) return;
    followed.requests++;
    if (followed.requests > MOST_REQUESTS) return;
    const { verb, status, milliseconds } = request;
    const now = performance.now();
    const span = this.#tracer.startSpan(
      `${to} ${verb}`,
      {
        kind: SpanKind.CLIENT,
        startTime: now - milliseconds,
        attributes: {
          'http.request.method': verb,
          ...(status === 'none' ? { 'error.type': 'no answer' } : { 'http.response.status_code': status }),
        },
      },
      followed.context,
    );
    if (status === 'none' || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(now);
  }

  /** Headers by which another server joins the trace of the call that is under way. */
  headers(): TraceHeaders {
    const headers: TraceHeaders = {};
    const followed = this.#current.getStore();
    if (followed) this.#propagator.inject(followed.context, headers, defaultTextMapSetter);
    return headers;
  }

  /** Sends what has not been sent yet. */
  async close(): Promise<void> {
    await this.#provider.shutdown();
  }

  #describe(call: TracedCall, entry: StatementEntry, { span, context }: Pick<Followed, 'span' | 'context'>): void {
    span.setAttributes(
      present({
        'db.system.name': 'skua',
        'db.operation.name': entry.statement,
        'db.query.text': entry.sql === undefined ? undefined : withoutLiterals(entry.sql).slice(0, LONGEST_TEXT),
        'db.response.returned_rows': entry.rows,
        'skua.statement.id': entry.id,
        'skua.statement.affected_rows': entry.affectedRows,
        'skua.statement.bytes': entry.bytes,
        'skua.statement.queued_ms': entry.queued,
      }),
    );
    for (const { phase, from, duration } of entry.phases) {
      const begin = call.started + from;
      this.#tracer.startSpan(phase, { startTime: begin }, context).end(begin + duration);
    }
    for (const { table, access, snapshot, columns, restricted, scan } of entry.tables) {
      const attributes = { table, access, snapshot, columns, restricted, ...scan };
      span.addEvent('table', present(prefixed('skua.table', attributes)));
    }
  }
}

/** What the conventions for RPCs and for HTTP have for a call's name. */
function namesOf(rpc: string): Attributes {
  const [method, route] = rpc.split(' ');
  if (route !== undefined) return { 'http.request.method': method, 'http.route': route };
  return { 'rpc.system.name': 'grpc', 'rpc.method': `arrow.flight.protocol.FlightService/${rpc}` };
}

function prefixed(prefix: string, attributes: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name === 'table'
        ? `${prefix}.name`
        : `${prefix}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      value,
    ]),
  );
}

function present(attributes: Record<string, unknown>): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Attributes;
}

/** Tells of the first of several failures that follow one another: traces never hold up a statement, nor do they fill its log. */
function telling(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  let hasFailed = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined && !hasFailed) onError(result.error);
        hasFailed = result.error !== undefined;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
