/** A server that speaks Spark Connect and does as it is told: what a cluster does when things go wrong can't be had from a real one at will. */

import { fileURLToPath } from 'node:url';
import { Metadata, Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import type { Schema } from 'apache-arrow';
import { encodeStream, rowsToBatch } from '../../../src/arrow/index.js';
import { sparkConnectService } from '../../../src/engine/spark/client/protocol.js';

export interface Request {
  method: string;
  session_id: string;
  operation_id?: string;
  last_response_id?: string;
  user_context: { user_id: string };
  plan?: { root: { sql: { query: string } } };
  operation?: { set: { pairs: { key: string; value: string }[] } };
  authorization: string | undefined;
}

export type Answer =
  | { rows: unknown[][]; schema: Schema; offset?: number; count?: number }
  | { progress: [done: number, all: number] }
  | 'complete'
  | 'break'
  | 'end'
  | Failure
  | 'wait';

export interface Failure {
  code?: number;
  message: string;
  errorClass?: string;
  sqlState?: string;
  /** The root error and its causes. */
  causes?: { classes: string[]; message: string }[];
}

export interface TestCluster {
  port: number;
  requests: Request[];
  /** What each call that gives responses answers, in the order of the calls. */
  answers: Answer[][];
  /** A sum that overflows fails; else it gives a value, as in a cluster that is no Apache Spark. */
  failsOnOverflow: boolean;
  /** What the next opening of a session fails with. */
  refusal: Failure | undefined;
  methods(): string[];
  stop(): void;
}

const definitions = loadSync('ErrorDetails.proto', {
  includeDirs: [fileURLToPath(new URL('../../../proto', import.meta.url))],
  keepCase: true,
});
const encode = (name: string, message: object) =>
  (definitions[name] as MessageTypeDefinition<object, object>).serialize(message);

const OVERFLOW: Failure = {
  message: '[ARITHMETIC_OVERFLOW] integer overflow.',
  errorClass: 'ARITHMETIC_OVERFLOW',
  sqlState: '22003',
};

export async function startCluster(): Promise<TestCluster> {
  const server = new Server();
  const requests: Request[] = [];
  const failures = new Map<string, Failure>();
  const cluster: TestCluster = {
    port: 0,
    requests,
    answers: [],
    failsOnOverflow: true,
    refusal: undefined,
    methods: () => requests.map(({ method }) => method),
    stop: () => server.forceShutdown(),
  };
  const proofs = new Set<string | undefined>();
  /** What is asked before the first query is none of a test's. */
  const note = (method: string, call: { request: unknown; metadata: Metadata }) => {
    if (proofs.has((call.request as Partial<Request>).operation_id)) return;
    requests.push({
      method,
      ...(call.request as Omit<Request, 'method'>),
      authorization: call.metadata.get('authorization')[0] as string,
    });
  };
  const fail = (failure: Failure) => serviceError(failure, failures);
  let responses = 0;
  const respond = (method: string) => async (call: ServerWritableStream<object, object>) => {
    const { plan, operation_id: id } = call.request as Partial<Request>;
    if (plan?.root.sql.query.includes('2147483647')) {
      proofs.add(id);
      if (cluster.failsOnOverflow) return call.emit('error', fail(OVERFLOW));
      return call.end();
    }
    note(method, call);
    for (const answer of cluster.answers.shift() ?? ['complete']) {
      if (answer === 'wait') return;
      if (answer === 'end') break;
      if (answer === 'break') return call.emit('error', { code: status.UNAVAILABLE, details: 'broken' });
      if (answer !== 'complete' && 'message' in answer) return call.emit('error', fail(answer));
      call.write({ response_id: `r${++responses}`, ...messageOf(answer) });
    }
    call.end();
  };
  const unary =
    (method: string, answer: (request: Request) => object = () => ({})) =>
    (call: { request: Request; metadata: Metadata }, done: (error: object | null, value?: object) => void) => {
      note(method, call);
      const { refusal } = cluster;
      if (method === 'Config' && refusal) {
        cluster.refusal = undefined;
        done(fail(refusal));
      } else done(null, answer(call.request));
    };
  server.addService(sparkConnectService, {
    ExecutePlan: respond('ExecutePlan'),
    ReattachExecute: respond('ReattachExecute'),
    Config: unary('Config'),
    AnalyzePlan: unary('AnalyzePlan', () => ({ explain: { explain_string: '== Physical Plan ==\nScan' } })),
    Interrupt: unary('Interrupt'),
    ReleaseExecute: unary('ReleaseExecute'),
    ReleaseSession: unary('ReleaseSession'),
    FetchErrorDetails: unary('FetchErrorDetails', (request) => {
      const {
        causes = [],
        errorClass,
        sqlState,
      } = failures.get((request as unknown as { error_id: string }).error_id) as Failure;
      const errors = causes.map(({ classes, message }, index) => ({
        error_type_hierarchy: classes,
        message,
        ...(index + 1 < causes.length && { cause_idx: index + 1 }),
        ...(index === 0 && errorClass && { spark_throwable: { error_class: errorClass, sql_state: sqlState } }),
      }));
      return { root_error_idx: 0, errors };
    }),
  } as never);
  cluster.port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    );
  });
  return cluster;
}

function messageOf(answer: Exclude<Answer, string | Failure> | 'complete'): object {
  if (answer === 'complete') return { result_complete: {} };
  if ('progress' in answer) {
    const [num_completed_tasks, num_tasks] = answer.progress;
    return { execution_progress: { stages: [{ num_tasks, num_completed_tasks }] } };
  }
  const { rows, schema, offset, count } = answer;
  const data = encodeStream(schema, [rowsToBatch(schema, rows)]);
  return {
    arrow_batch: { row_count: count ?? rows.length, data, ...(offset !== undefined && { start_offset: offset }) },
  };
}

function serviceError(failure: Failure, failures: Map<string, Failure>): object {
  const { code = status.INTERNAL, message, errorClass, sqlState } = failure;
  const errorId = `e${failures.size}`;
  failures.set(errorId, failure);
  const metadata = {
    ...(errorClass && { errorClass }),
    ...(sqlState && { sqlState }),
    ...(failure.causes && { errorId }),
  };
  const info = encode('google.rpc.ErrorInfo', { reason: 'some.Exception', domain: 'org.apache.spark', metadata });
  const details = [{ type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: info }];
  const trailers = new Metadata();
  trailers.set('grpc-status-details-bin', encode('google.rpc.Status', { code, message, details }));
  return { code, details: message, metadata: trailers };
}
