/** The tables of a bound query as inputs: which columns they have, and which of them are read through a mask. */
import { bindRestrictions } from '../../governance/index.js';
import type { Type } from '../../iceberg/types.js';
import type { ListedTable, RowsTable } from '../rows.js';
import { datasetName } from '../tables/names.js';
import type { PinnedTable } from '../tables/tables.js';
import type { NamedRows } from './from.js';
import { FILTER, type InputColumn, NOTHING, of, type SourceTable, UNKNOWN, union } from './lineage.js';
import type { Column } from './scope.js';
import type { WrittenQuery } from './written-queries.js';

/** By binding name in lower case. */
export function sourcesOf({ tables, rows }: WrittenQuery['query']): Map<string, NamedRows> {
  return new Map([
    ...[...tables].map(([name, table]) => [name.toLowerCase(), rowsOfTable(table)] as const),
    ...[...rows].map(([name, table]) => [name.toLowerCase(), rowsOfRows(table)] as const),
  ]);
}

function rowsOfTable({ name, schema, metadata, restrictions, hidden = [] }: PinnedTable): NamedRows {
  const table: SourceTable = { catalog: name.catalog, dataset: datasetName(name) };
  const barrier = restrictions && bindRestrictions(restrictions, schema, { ...metadata, salt: () => '' });
  const masked = new Set(barrier?.maskedFields.map(({ column }) => column));
  const column = (written: string, type?: Type): Column => {
    return { name: written, lineage: of({ table, name: written, isMasked: masked.has(written) }), type };
  };
  // A row filter looks at the values themselves.
  const filtered = [...(barrier?.conditionColumns ?? [])].map((written): InputColumn => {
    return { table, name: written, isMasked: false };
  });
  return {
    columns: [...schema.fields.map((field) => column(field.name, field.type)), ...hidden.map((one) => column(one))],
    rows: union(filtered.map(of)).as(FILTER),
  };
}

function rowsOfRows({ schema, origin }: RowsTable | ListedTable): NamedRows {
  const lineage = (name: string) => {
    if (origin === undefined) return UNKNOWN;
    return origin === 'values' ? NOTHING : of({ table: origin, name, isMasked: false });
  };
  return { columns: schema.fields.map(({ name }) => ({ name, lineage: lineage(name) })), rows: NOTHING };
}
