import duckdb from '@duckdb/node-bindings';

/** DuckDB as the judge of which bytes it reads. */
export interface Database {
  run(sql: string): Promise<void>;
  /** The one BIGINT that a query gives. */
  number(sql: string): Promise<bigint>;
  close(): void;
}

export async function openDatabase(): Promise<Database> {
  const database = await duckdb.open(':memory:');
  const connection = await duckdb.connect(database);
  return {
    async run(sql) {
      await duckdb.query(connection, sql);
    },
    async number(sql) {
      const result = await duckdb.query(connection, sql);
      const chunk = await duckdb.fetch_chunk(result);
      if (!chunk) throw new Error('no rows');
      const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, 0), 8);
      return Buffer.from(data.buffer, data.byteOffset, 8).readBigInt64LE(0);
    },
    close() {
      duckdb.disconnect_sync(connection);
      duckdb.close_sync(database);
    },
  };
}
