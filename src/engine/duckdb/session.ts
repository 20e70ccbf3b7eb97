/** A session's DuckDB instance as an engine of bound statements: what a statement reads is staged for it, and what it writes is uploaded. */
import { rm } from 'node:fs/promises';
import { Schema } from 'apache-arrow';
import type { DataFile, DeleteFile } from '../../iceberg/types.js';
import type {
  BoundStatement,
  DescribeOptions,
  EngineSession,
  ExplainOptions,
  Explanation,
  KeepOptions,
  KeptRows,
  PositionDeleteOptions,
  QueryDescription,
  ResultStream,
  RunOptions,
  ScanProfile,
  SqlParser,
  StatementOptions,
  WriteOptions,
} from '../contract.js';
import { bindingsOf } from './bindings.js';
import type { TableScan } from './contract.js';
import { profileOf } from './profile.js';
import { type Workplace, whileStaged } from './staging/over-staged.js';
import { planStatement } from './staging/plan-statement.js';
import { readsRestricted } from './staging/restricted-errors.js';
import { streamQuery } from './stream-query.js';
import { writeDataFiles } from './writing/data-files.js';
import { keepRows } from './writing/keep-rows.js';
import { writePositionDeletes } from './writing/position-deletes.js';

export class DuckDbSession implements EngineSession {
  readonly #place: Workplace;
  readonly parser: SqlParser;

  constructor(place: Workplace) {
    this.#place = place;
    this.parser = place.engine.parser;
  }

  async describe(statement: BoundStatement, { signal, ...options }: DescribeOptions = {}): Promise<QueryDescription> {
    return this.#placeOf(statement).engine.describe(statement.sql, bindingsOf(statement), signal, options);
  }

  run(statement: BoundStatement, options: RunOptions): Promise<ResultStream> {
    return streamQuery(this.#placeOf(statement), statement, options);
  }

  plan(statement: BoundStatement, input: StatementOptions): Promise<ScanProfile[]> {
    return planStatement(this.#placeOf(statement), statement, input);
  }

  explain(statement: BoundStatement, { analyze, ...input }: ExplainOptions): Promise<Explanation> {
    const started = performance.now();
    return whileStaged(this.#placeOf(statement), statement, input, async (staged) => {
      const fetched = performance.now();
      const { engine, sql, scans, local } = staged;
      const options = { analyze, signal: input.signal, fetch: local.fetchMissing };
      let plan = await engine.explain(sql, scans, options, input.parameters);
      if (readsRestricted(statement)) {
        const standIns = scans.map((scan) => (scan.barrier ? withoutRows(scan) : scan));
        plan = await engine.explain(sql, standIns, { ...options, analyze: false }, input.parameters);
      }
      const times = { staging: fetched - started, engine: performance.now() - fetched };
      return { scans: profileOf(staged), plan, times };
    });
  }

  keep(statement: BoundStatement, options: KeepOptions): Promise<KeptRows> {
    return keepRows(this.#placeOf(statement), statement, options);
  }

  writeDataFiles(statement: BoundStatement, options: WriteOptions): Promise<DataFile[]> {
    return writeDataFiles(this.#placeOf(statement), statement, options);
  }

  writePositionDeletes(statement: BoundStatement, options: PositionDeleteOptions): Promise<DeleteFile[]> {
    return writePositionDeletes(this.#placeOf(statement), statement, options);
  }

  #placeOf(statement: BoundStatement): Workplace {
    const onProfile = readsRestricted(statement) ? undefined : statement.onProfile;
    return { ...this.#place, engine: this.#place.engine.forStatement({ ...statement, onProfile }) };
  }

  async close(): Promise<void> {
    await this.#place.engine.close();
    await this.#place.links.close();
    await rm(this.#place.directory, { recursive: true, force: true });
  }
}

/** The plan over a table without rows tells nothing of those that are hidden. */
function withoutRows({ name, columns }: TableScan): TableScan {
  const schema = new Schema(columns.map(({ field }) => field));
  return { name, columns, source: { kind: 'batches', schema, batches: [] } };
}
