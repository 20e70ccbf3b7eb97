/** Which bound values are what they were once they are cast. */
import { DataType, type Field, Schema } from 'apache-arrow';
import { columnsOf, valueReader } from '../../../../arrow/index.js';
import type { BoundParameters } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { loadTable } from '../scans/load.js';
import { sqlTypeOf } from '../types/sql-type.js';

const TABLE = 'bound values';

const wholeBits: Record<string, number> = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64 };

/** Whether all rows of some parameters can be cast without loss. */
export class BoundValues {
  readonly #connection: Connection;
  readonly #bound: BoundParameters;
  #loaded = false;

  constructor(connection: Connection, bound: BoundParameters) {
    this.#connection = connection;
    this.#bound = bound;
  }

  /** Whether each value of a parameter, by its index, is the same once it is cast to an SQL type and back. */
  async keep(index: number, type: string): Promise<boolean> {
    const field = this.#bound.schema.fields[index];
    if (!field || DataType.isNull(field.type)) return true;
    const own = sqlTypeOf(field);
    if (own === type) return true;
    const bits = wholeBits[type];
    if (bits !== undefined && DataType.isInt(field.type)) return this.#allWithin(field, index, bits);
    await this.#load();
    const value = `p${index}`;
    const sql = `SELECT coalesce(bool_and(${value} IS NULL OR (${keptSql(value, own, type)})), true) FROM "${TABLE}"`;
    // Between some types there is no cast at all.
    const rows = await this.#connection.rows(sql).catch(() => []);
    return rows[0]?.[0] === 'true';
  }

  #allWithin(field: Field, index: number, bits: number): boolean {
    const most = 2n ** BigInt(bits - 1);
    return this.#bound.batches.every((batch) => {
      const column = columnsOf(this.#bound.schema, batch)[index];
      if (!column) return false;
      const read = valueReader(column);
      for (let row = 0; row < batch.length; row++) {
        const value = read(row);
        if (value === null) continue;
        const whole = BigInt(value as number | bigint);
        if (whole < -most || whole >= most) return false;
      }
      return field !== undefined;
    });
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    const { schema, batches } = this.#bound;
    const fields = schema.fields.map((field, index) => field.clone({ name: `p${index}`, nullable: true }));
    await loadTable(this.#connection, TABLE, new Schema(fields), batches);
  }
}

/** Whether a value that is not null is kept. */
function keptSql(value: string, own: string, type: string): string {
  const cast = `TRY_CAST(${value} AS ${type})`;
  if (own !== 'VARCHAR') return `TRY_CAST(${cast} AS ${own}) IS NOT DISTINCT FROM ${value}`;
  // The same value has many texts. DuckDB rounds what is too fine, and cuts the time from a date.
  const scale =
    /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1] ??
    (/^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?$/.test(type) ? '0' : undefined);
  if (scale !== undefined) {
    const exact = `^\\s*[+-]?[0-9]*(\\.[0-9]{0,${scale}}0*)?\\s*$`;
    return `${cast} IS NOT NULL AND regexp_matches(${value}, '${exact}')`;
  }
  if (type === 'DATE') {
    const moment = `TRY_CAST(${value} AS TIMESTAMP)`;
    return `${cast} IS NOT NULL AND (${moment} IS NULL OR ${moment} = ${cast})`;
  }
  return `${cast} IS NOT NULL`;
}
