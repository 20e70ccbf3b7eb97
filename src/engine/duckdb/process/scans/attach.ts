import { SkuaError } from '../../../../errors.js';
import type { TableBinding, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { sqlTypeOf } from '../types/sql-type.js';
import { fromStoredSql, isStoredOtherwise } from '../types/stored.js';
import { apart, behindBarrier } from './barrier.js';
import { defineFunctions } from './define-functions.js';
import { hasDeletedPositions, loadDeletedPositions } from './deleted-positions.js';
import { loadTable } from './load.js';
import { ReadNames } from './read-names.js';
import { countedRowsSql, groupFiles, scanSql } from './scan.js';

export interface AttachedScans {
  /** The names that columns of files are read under. */
  names: ReadNames;
  /** The statements that make the views. */
  definitions: string;
}

/** What a connection needs in order to read scans. */
export interface ScanDefinitions extends AttachedScans {
  /** What has to be there before the views. Without any, connections with the same views are alike. */
  loads: ((connection: Connection) => Promise<void>)[];
}

/** A temporary view or table for each scan. `emptyFile` is a Parquet file without rows. */
export function defineScans(scans: readonly TableScan[], emptyFile: string): ScanDefinitions {
  const names = new ReadNames();
  const views: string[] = [];
  const loads: ScanDefinitions['loads'] = [];
  for (const scan of scans) {
    const { functions, source } = scan;
    if (functions) loads.push((connection) => defineFunctions(connection, functions));
    else if (source.kind === 'batches') {
      const isApart = scan.isApart || scan.hidesDates;
      const name = isApart ? `${scan.name} as it is` : scan.name;
      loads.push((connection) => loadTable(connection, name, source.schema, source.batches));
      if (isApart) views.push(viewSql(scan, apart(scan, `SELECT * FROM ${quoteIdentifier(name)}`)));
    } else if (source.kind === 'count') views.push(viewSql(scan, countedRowsSql(scan, source.rowCount)));
    else if (source.kind === 'local') views.push(viewSql(scan, apart(scan, localFilesSql(scan, source))));
    else {
      const groups = groupFiles(scan, source.files, names);
      const files = groups.flatMap((group) => group.files);
      if (files.some(hasDeletedPositions)) loads.push((connection) => loadDeletedPositions(connection, scan, files));
      views.push(viewSql(scan, apart(scan, behindBarrier(scan, scanSql(scan, groups, emptyFile)))));
    }
  }
  return { names, definitions: views.join(';\n'), loads };
}

/** Makes a connection ready to read scans. */
export async function attachDefined(connection: Connection, { loads, definitions }: ScanDefinitions): Promise<void> {
  for (const load of loads) await load(connection);
  if (definitions !== '') await connection.execute(definitions);
}

/** Defines scans, and makes the connection ready to read them. */
export async function attachScans(
  connection: Connection,
  scans: readonly TableScan[],
  emptyFile: string,
): Promise<AttachedScans> {
  const defined = defineScans(scans, emptyFile);
  await attachDefined(connection, defined);
  return defined;
}

function viewSql({ name }: TableScan, select: string): string {
  return `CREATE TEMP VIEW ${quoteIdentifier(name)} AS ${select}`;
}

function localFilesSql({ columns }: TableScan, { paths, fileNumber }: LocalSource): string {
  const others = columns
    .filter(({ field }) => isStoredOtherwise(field))
    .map(({ field }) => {
      const column = quoteIdentifier(field.name);
      return `${fromStoredSql(field, column)} AS ${column}`;
    });
  const all = others.length > 0 ? `* REPLACE (${others.join(', ')})` : '*';
  const number = fileNumber === undefined ? '' : `, CAST(file_index AS BIGINT) AS ${quoteIdentifier(fileNumber)}`;
  return `SELECT ${all}${number} FROM read_parquet([${paths.map(quoteText).join(', ')}], hive_partitioning = false)`;
}

type LocalSource = TableScan['source'] & { kind: 'local' };

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
