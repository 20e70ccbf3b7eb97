import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataType, Field, Schema } from 'apache-arrow';
import { afterAll, beforeAll } from 'vitest';
import { batchToRows, rowsToBatch } from '../../../../src/arrow/index.js';
import type { PlacementOptions } from '../../../../src/engine/duckdb/client/placement.js';
import { RemoteEngine } from '../../../../src/engine/duckdb/client/remote-engine.js';
import type { EngineInstance, ParameterRow, ParquetSource, TableScan } from '../../../../src/engine/duckdb/contract.js';
import { Database } from '../../../../src/engine/duckdb/process/native/database.js';
import type { PhysicalColumn, TableColumn } from '../../../../src/expressions/index.js';

export interface Bench {
  engine: RemoteEngine;
  instance: EngineInstance;
  /** The instance's own folder. */
  directory: string;
  /** Runs SQL without any restriction, to lay out files. */
  write(sql: string): Promise<void>;
  rows(sql: string, scans?: TableScan[], parameters?: ParameterRow): Promise<unknown[][]>;
}

export const engineOptions: PlacementOptions = { processes: 1, isolation: 'shared', memory: 8 * 2 ** 30 };

/** An engine and an instance for the tests of a file. */
export function useEngine(options: Partial<PlacementOptions> = {}): Bench {
  const bench = {} as Bench;
  let unrestricted: Database;
  beforeAll(async () => {
    bench.directory = mkdtempSync(join(tmpdir(), 'skua-engine-'));
    unrestricted = await Database.open({ threads: '2' });
    bench.engine = await RemoteEngine.open({ ...engineOptions, ...options });
    bench.instance = await bench.engine.open({
      principal: 'somebody',
      directory: bench.directory,
      memoryLimit: 1 << 30,
      threads: 2,
    });
    bench.write = async (sql) => {
      const connection = unrestricted.connect();
      try {
        await connection.execute(sql);
      } finally {
        await connection.close();
      }
    };
    bench.rows = (sql, scans = [], parameters) => rowsOf(bench.instance, sql, scans, parameters);
  });
  afterAll(async () => {
    await bench.engine.close();
    await unrestricted.close();
    rmSync(bench.directory, { recursive: true, force: true });
  });
  return bench;
}

export async function rowsOf(
  instance: EngineInstance,
  sql: string,
  scans: TableScan[] = [],
  parameters?: ParameterRow,
): Promise<unknown[][]> {
  const { signal } = new AbortController();
  const result = await instance.run(sql, scans, { signal, batchBytes: 1 << 20, parameters });
  const rows: unknown[][] = [];
  for await (const batch of result.batches) rows.push(...batchToRows(result.schema, batch));
  return rows;
}

export function column(name: string, type: DataType, fieldId: number, nullable = true): TableColumn {
  return { field: new Field(name, type, nullable), fieldId };
}

export function child(name: string, type: DataType, fieldId: number): Field {
  return new Field(name, type, true, new Map([['PARQUET:field_id', String(fieldId)]]));
}

export function physical(name: string, fieldId?: number, children: PhysicalColumn[] = []): PhysicalColumn {
  return { name, ...(fieldId === undefined ? {} : { fieldId }), children };
}

export function source(path: string, columns: PhysicalColumn[], more: Partial<ParquetSource> = {}): ParquetSource {
  return {
    path,
    location: `s3://bucket/${path.split('/').at(-1)}`,
    rowCount: 0,
    columns,
    constants: new Map(),
    positionDeletes: [],
    equalityDeletes: [],
    ...more,
  };
}

export function scan(name: string, columns: TableColumn[], files: ParquetSource[], rowColumns = false): TableScan {
  return { name, columns, source: { kind: 'parquet', files }, ...(rowColumns ? { rowColumns } : {}) };
}

export function parameterRow(fields: Field[], values: unknown[]): ParameterRow {
  const schema = new Schema(fields);
  return { schema, batch: rowsToBatch(schema, [values]), index: 0 };
}
