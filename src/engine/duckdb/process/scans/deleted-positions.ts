/** The rows that are deleted by their positions in the files of a scan, all in one temporary table. */
import { Field, Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import { type ColumnarBatch, rowsToBatch } from '../../../../arrow/index.js';
import type { ParquetSource, TableScan } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier, quoteText } from '../native/text.js';
import { loadTable } from './load.js';

/** Its columns: `file` counts the files, `pos` the rows of one. */
export function deletedPositionsTable(scan: TableScan): string {
  return `skua deletes of ${scan.name}`;
}

const positionsSchema = new Schema([new Field('file', new Int32()), new Field('pos', new Int64())]);

export function hasDeletedPositions({ deletedPositions, positionDeletes }: ParquetSource): boolean {
  return positionDeletes.length > 0 || (deletedPositions?.length ?? 0) > 0;
}

/**
 * Fills the table for the files of a scan in their order: from deletion vectors, and from files of position deletes, each of which is read once
 * however many data files it applies to. Without any there is no table.
 */
export async function loadDeletedPositions(
  connection: Connection,
  scan: TableScan,
  files: readonly ParquetSource[],
): Promise<void> {
  if (!files.some(hasDeletedPositions)) return;
  const vectors = files.flatMap(({ deletedPositions }, file) =>
    deletedPositions?.length ? [batchOf(file, deletedPositions)] : [],
  );
  await loadTable(connection, deletedPositionsTable(scan), positionsSchema, vectors);
  await loadFromFiles(connection, scan, files);
}

function batchOf(file: number, positions: BigInt64Array): ColumnarBatch {
  const { length } = positions;
  const files = new Int32Array(length).fill(file);
  const none = new Uint8Array(0);
  const bytes = (array: Int32Array | BigInt64Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const node = { length, nullCount: 0 };
  return { length, nodes: [node, node], buffers: [none, bytes(files), none, bytes(positions)] };
}

const namedSchema = new Schema([
  new Field('location', new Utf8()),
  new Field('file', new Int32()),
  new Field('applied', new Int32()),
]);
const appliedSchema = new Schema([new Field('applied', new Int32()), new Field('index', new Int32())]);

/**
 * Which delete files apply to a data file is not told by the locations that they name alone: an older one doesn't. Data files that the same ones
 * apply to share a number for them, so that there are few pairs of numbers.
 */
async function loadFromFiles(connection: Connection, scan: TableScan, files: readonly ParquetSource[]): Promise<void> {
  const lists = new Lists();
  const named = files.flatMap(({ location, positionDeletes }, file) =>
    positionDeletes.length > 0 ? [[location, file, lists.numberOf(positionDeletes)]] : [],
  );
  if (named.length === 0) return;
  const names = `skua files of ${scan.name}`;
  await loadTable(connection, names, namedSchema, [rowsToBatch(namedSchema, named)]);
  const paths = [...lists.paths.keys()].map(quoteText).join(', ');
  let from = `read_parquet([${paths}], hive_partitioning = false) d JOIN ${quoteIdentifier(names)} f ON d.file_path = f.location`;
  if (!lists.isOne) {
    const applied = `skua applied deletes of ${scan.name}`;
    await loadTable(connection, applied, appliedSchema, [rowsToBatch(appliedSchema, lists.pairs())]);
    from += ` JOIN ${quoteIdentifier(applied)} a ON a.applied = f.applied AND a."index" = d.file_index`;
  }
  const table = quoteIdentifier(deletedPositionsTable(scan));
  await connection.execute(`INSERT INTO ${table} SELECT f.file, d.pos FROM ${from}`);
}

/** Lists of delete files, each numbered once. */
class Lists {
  /** All delete files, with their places among them. */
  readonly paths = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  /** Files of one list have it as one array. */
  readonly #known = new Map<readonly string[], number>();
  readonly #lists: number[][] = [];

  numberOf(paths: readonly string[]): number {
    const known = this.#known.get(paths);
    if (known !== undefined) return known;
    const places = paths.map((path) => this.#placeOf(path)).sort((one, other) => one - other);
    const key = places.join(' ');
    const number = this.#numbers.get(key) ?? this.#lists.push(places) - 1;
    this.#numbers.set(key, number);
    this.#known.set(paths, number);
    return number;
  }

  /** Whether all files have all of them. */
  get isOne(): boolean {
    return this.#lists.length === 1;
  }

  pairs(): number[][] {
    return this.#lists.flatMap((places, number) => places.map((place) => [number, place]));
  }

  #placeOf(path: string): number {
    const place = this.paths.get(path) ?? this.paths.size;
    this.paths.set(path, place);
    return place;
  }
}
