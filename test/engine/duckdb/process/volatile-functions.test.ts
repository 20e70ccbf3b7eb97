/** Which functions give another value each time is known of the engine that answers. */
import { expect, it } from 'vitest';
import { Database } from '../../../../src/engine/duckdb/process/native/database.js';
import { VOLATILE_FUNCTIONS } from '../../../../src/query/syntax/volatile.js';

it('each volatile function of the engine is refused, says the same all through a statement, or is known', async () => {
  const database = await Database.open({ threads: '1' });
  const connection = database.connect();
  try {
    const rows = await connection.rows(
      "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability = 'VOLATILE'",
    );
    const refused = ['currval', 'nextval', 'stats', 'sleep_ms', 'write_log', 'current_query'];
    const others = ['current_connection_id', 'current_query_id', 'current_transaction_id', 'error', 'setseed'];
    const known = [...VOLATILE_FUNCTIONS].filter((name) => name !== 'rand');
    expect(rows.map(([name]) => String(name)).sort()).toEqual([...refused, ...others, ...known].sort());
  } finally {
    await connection.close();
    await database.close();
  }
});
