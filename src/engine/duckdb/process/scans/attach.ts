import { SkuaError } from '../../../../errors.js';
import type { TableBinding, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { sqlTypeOf } from '../types/sql-type.js';
import { fromStoredSql, isStoredOtherwise } from '../types/stored.js';
import { apart, behindBarrier } from './barrier.js';
import { defineFunctions } from './define-functions.js';
import { loadDeletedPositions } from './deleted-positions.js';
import { loadTable } from './load.js';
import { ReadNames } from './read-names.js';
import { countedRowsSql, groupFiles, scanSql } from './scan.js';

export interface AttachedScans {
  /** The names that columns of files are read under. */
  names: ReadNames;
  /** The statements that made the views. */
  definitions: string;
}

/**
 * Gives the connection a temporary view or table for each scan. `emptyFile` is a Parquet file without rows.
 */
export async function attachScans(
  connection: Connection,
  scans: readonly TableScan[],
  emptyFile: string,
): Promise<AttachedScans> {
  const names = new ReadNames();
  const views: string[] = [];
  for (const scan of scans) {
    if (scan.functions) {
      await defineFunctions(connection, scan.functions);
      continue;
    }
    if (scan.source.kind === 'count') {
      views.push(`CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${countedRowsSql(scan, scan.source.rowCount)}`);
      continue;
    }
    if (scan.source.kind === 'local') {
      const paths = scan.source.paths.map(quoteText).join(', ');
      const others = scan.columns
        .filter(({ field }) => isStoredOtherwise(field))
        .map(({ field }) => {
          const column = quoteIdentifier(field.name);
          return `${fromStoredSql(field, column)} AS ${column}`;
        });
      const all = others.length > 0 ? `* REPLACE (${others.join(', ')})` : '*';
      const { fileNumber } = scan.source;
      const number = fileNumber === undefined ? '' : `, CAST(file_index AS BIGINT) AS ${quoteIdentifier(fileNumber)}`;
      const select = `SELECT ${all}${number} FROM read_parquet([${paths}], hive_partitioning = false)`;
      views.push(`CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${apart(scan, select)}`);
      continue;
    }
    if (scan.source.kind === 'batches') {
      const isApart = scan.isApart || scan.hidesDates;
      const name = isApart ? `${scan.name} as it is` : scan.name;
      await loadTable(connection, name, scan.source.schema, scan.source.batches);
      if (!isApart) continue;
      const select = apart(scan, `SELECT * FROM ${quoteIdentifier(name)}`);
      views.push(`CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${select}`);
      continue;
    }
    const groups = groupFiles(scan, scan.source.files, names);
    await loadDeletedPositions(
      connection,
      scan,
      groups.flatMap(({ files }) => files),
    );
    const select = apart(scan, behindBarrier(scan, scanSql(scan, groups, emptyFile)));
    views.push(`CREATE TEMP VIEW ${quoteIdentifier(scan.name)} AS ${select}`);
  }
  const definitions = views.join(';\n');
  if (views.length > 0) await connection.execute(definitions);
  return { names, definitions };
}

/** Gives the connection an empty temporary table for each binding. `fixed` names the types of bytes of one length. */
export async function attachEmpty(
  connection: Connection,
  tables: readonly TableBinding[],
  fixed?: (width: number) => string,
): Promise<void> {
  const definitions: string[] = [];
  for (const table of tables) {
    if (table.functions) {
      await defineFunctions(connection, table.functions);
      continue;
    }
    const columns = table.columns.map(({ field }) => `${quoteIdentifier(field.name)} ${sqlTypeOf(field, fixed)}`);
    if (table.rowColumns) columns.push('_file VARCHAR', '_pos BIGINT');
    if (columns.length === 0) throw new SkuaError('INVALID_ARGUMENT', `the table ${table.name} has no columns`);
    definitions.push(`CREATE TEMP TABLE ${quoteIdentifier(table.name)} (${columns.join(', ')})`);
  }
  if (definitions.length > 0) await connection.execute(definitions.join(';\n'));
}
