import { SkuaError } from '../../../../errors.js';
import type { TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { isNegativeZero, withoutNegativeZeros } from '../types/negative-zeros.js';
import { databaseName, decodedTable } from './decoded.js';
import { storedColumnsSql } from './scan.js';

/** Writes the columns of a scan of one file as a new database: see `EngineInstance.decode`. Its columns are `d0`, `d1`, … in the scan's order. */
export async function decodeColumns(
  connection: Connection,
  scan: TableScan,
  path: string,
  emptyFile: string,
): Promise<void> {
  const [file, ...others] = scan.source.kind === 'parquet' ? scan.source.files : [];
  if (!file || others.length > 0) throw new SkuaError('INTERNAL', 'columns of one file are decoded at a time');
  const name = quoteIdentifier(databaseName(path));
  await connection.execute(`ATTACH ${quoteText(path)} AS ${name} (TYPE duckdb, STORAGE_VERSION 'latest')`);
  try {
    const columns = scan.columns.map(({ field }, index) => `${withoutNegativeZeros(field, `d${index}`)} AS d${index}`);
    const stored = `SELECT ${columns.join(', ')} FROM (${storedColumnsSql(scan, file, emptyFile)})`;
    await connection.execute(`CREATE TABLE ${decodedTable(path)} AS ${stored}`);
    const [[rows] = []] = await connection.rows(`SELECT count(*) FROM ${decodedTable(path)}`);
    if (Number(rows) !== file.rowCount) {
      throw new SkuaError('DATA_LOSS', `'${file.location}' has ${rows} rows, and ${file.rowCount} by its footer`);
    }
  } catch (error) {
    throw isNegativeZero(error) ? new SkuaError('UNIMPLEMENTED', 'the engine does not keep the sign of zero') : error;
  } finally {
    await connection.execute(`DETACH ${name}`);
  }
}
