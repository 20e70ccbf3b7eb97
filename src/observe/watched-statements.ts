import type { Call, StatementRequest, StatementService } from '../query/contract.js';
import { markPhase, type StatementRun } from '../query/index.js';

/** The same service, which notes in each call's report what runs. */
export function watchStatements(service: StatementService): StatementService {
  return {
    metadata: service.metadata,
    describe(call, request) {
      begin(call, 'describe', request);
      return service.describe(call, request);
    },
    async query(call, request) {
      begin(call, 'query', request);
      const stream = await service.query(call, request);
      markPhase(call, 'start');
      return stream;
    },
    update(call, request) {
      begin(call, 'update', request);
      return service.update(call, request);
    },
    async ingest(call, target, schema, batches) {
      begin(call, 'ingest', undefined);
      return service.ingest(call, target, schema, batches);
    },
    async begin(call) {
      begin(call, 'update', undefined);
      return service.begin(call);
    },
    async commit(call, transaction) {
      begin(call, 'update', undefined);
      return service.commit(call, transaction);
    },
    async rollback(call, transaction) {
      begin(call, 'update', undefined);
      return service.rollback(call, transaction);
    },
  };
}

/** A call that types a statement and then runs it has one run. */
function begin({ report }: Call, kind: StatementRun['kind'], request: StatementRequest | undefined): void {
  const { run } = report;
  if (run !== undefined && run.sql === request?.sql) run.kind = kind;
  else report.run = { kind, sql: request?.sql, started: performance.now(), marks: [], tables: [] };
}
