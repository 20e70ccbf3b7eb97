/** What position delete files say of data files, as a query: of each file only by those that apply to it, since a location may name a later file. */
import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import type { BoundTable } from '../../engine/contract.js';
import type { FileTask } from '../../iceberg/contract.js';
import type { DeleteFile } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';
import { boundRows, rowsTable } from '../rows.js';
import { engineTable, type PinnedTable } from '../tables/tables.js';

const DELETES = quoteName('deletes');
const APPLIED = quoteName('applied');
const FILES = quoteName('data files');

export interface AppliedDeletes {
  tables: BoundTable[];
  /** A FROM clause: `d.file_path`, `d.pos`, and `f.ordinal`, the place of the task. */
  from: string;
}

/** The deletes that are looked at; those of them that apply to a task are among its deletes. */
export function appliedDeletes(
  table: PinnedTable,
  tasks: readonly FileTask[],
  deletes: readonly DeleteFile[],
): AppliedDeletes {
  const numbers = new Map(deletes.map(({ location }, number) => [location, BigInt(number)]));
  const lists = new Map<string, { list: bigint; files: bigint[] }>();
  const files = tasks.map(({ file, deletes: own }, ordinal) => {
    const applied = own.flatMap(({ location }) => numbers.get(location) ?? []);
    const key = applied.join(' ');
    const known = lists.get(key) ?? { list: BigInt(lists.size), files: applied };
    lists.set(key, known);
    return [file.location, BigInt(ordinal), known.list];
  });
  const applied = [...lists.values()].flatMap(({ list, files: named }) => named.map((file) => [list, file]));
  return {
    tables: [
      { kind: 'position-deletes', name: 'deletes', table: engineTable(table), files: deletes },
      boundRows(rowsTable('applied', appliedSchema, applied)),
      boundRows(rowsTable('data files', filesSchema, files)),
    ],
    from: `${DELETES} d JOIN ${FILES} f ON d.file_path = f.location JOIN ${APPLIED} a ON a.list = f.list AND a.file = d.file`,
  };
}

const long = (name: string) => new Field(name, new Int64(), false);
const appliedSchema = new Schema([long('list'), long('file')]);
const filesSchema = new Schema([new Field('location', new Utf8(), false), long('ordinal'), long('list')]);
