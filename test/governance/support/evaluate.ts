/** Evaluates what restrictions become, by the engine that runs it. */
import { Database } from '../../../src/engine/duckdb/process/native/database.js';
import { quoteIdentifier } from '../../../src/engine/duckdb/process/native/text.js';
import { sqlTypeOf } from '../../../src/engine/duckdb/process/types/sql-type.js';
import { bindRestrictions, parseRestrictions } from '../../../src/governance/index.js';
import { tableColumns } from '../../../src/iceberg/index.js';
import type { NestedField, Type } from '../../../src/iceberg/types.js';
import { parseJson } from '../../../src/json.js';

export const SALT = '000102030405060708090a0b0c0d0e0f';

export function field(id: number, name: string, type: Type | string, required = false): NestedField {
  return { id, name, required, type: typeof type === 'string' ? primitive(type) : type };
}

export function primitive(type: string): Type {
  return { kind: 'primitive', type } as Type;
}

export interface Evaluator {
  /** What is seen of a table with these fields and these rows, which are in SQL; each value as text. */
  seen(
    fields: NestedField[],
    rows: string[],
    restrictions: string,
    options?: { formatVersion?: number; salt?: string },
  ): Promise<(string | null)[][]>;
  close(): Promise<void>;
}

/** Restrictions as the catalog's JSON, bound to a schema. */
export function bind(fields: NestedField[], restrictions: string, { formatVersion = 2, salt = SALT } = {}) {
  const parsed = parseRestrictions(parseJson(restrictions));
  const schema = { schemaId: 0, fields, identifierFieldIds: [] };
  return parsed && bindRestrictions(parsed, schema, { formatVersion, salt: () => salt });
}

export async function openEvaluator(): Promise<Evaluator> {
  const database = await Database.open({ threads: '1' });
  const connection = database.connect();
  await connection.execute("SET TimeZone = 'America/New_York'");
  return {
    async seen(fields, rows, restrictions, options) {
      const barrier = bind(fields, restrictions, options);
      const columns = tableColumns({ schemaId: 0, fields, identifierFieldIds: [] });
      const names = fields.map(({ name }) => quoteIdentifier(name));
      const typed = columns.map(
        ({ field }) => `CAST(${quoteIdentifier(field.name)} AS ${sqlTypeOf(field)}) AS ${quoteIdentifier(field.name)}`,
      );
      // Of a table the engine knows what is in its columns, as it does of files.
      await connection.execute(
        `CREATE OR REPLACE TEMP TABLE source AS SELECT ${typed.join(', ')} FROM (VALUES ${rows.join(', ')}) AS v(${names.join(', ')})`,
      );
      const masks = new Map(barrier?.masks.map(({ name, value }) => [name, value]));
      const outputs = columns.map(({ field }) => {
        const value = masks.get(field.name);
        const type = sqlTypeOf(field);
        const cast = value === undefined ? quoteIdentifier(field.name) : `CAST(${value} AS ${type})`;
        return `CAST(${cast} AS VARCHAR)`;
      });
      const kept = `SELECT * FROM source WHERE ${barrier?.condition ?? 'true'}`;
      return connection.rows(`SELECT ${outputs.join(', ')} FROM (${kept})`);
    },
    async close() {
      await connection.close();
      await database.close();
    },
  };
}
