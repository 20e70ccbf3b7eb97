/** Which columns of a statement's tables are moments. */
import { DataType, type Field } from 'apache-arrow';
import type { NestedField, Type } from '../../iceberg/types.js';
import type { ListedTable, RowsTable } from '../rows.js';
import type { PinnedTable } from '../tables/tables.js';

/** Of the columns of all tables and of what lies in them. A name that none has may be that of anything; names are given in lower case. */
export function columnKinds(
  tables: readonly PinnedTable[],
  rows: readonly (RowsTable | ListedTable)[],
): { mayBeMoment(name: string): boolean } {
  const [moments, others] = [new Set<string>(), new Set<string>()];
  const note = (name: string, isMoment: boolean) => (isMoment ? moments : others).add(name.toLowerCase());
  const addArrow = ({ name, type }: Field): void => {
    note(name, DataType.isTimestamp(type) && Boolean(type.timezone));
    type.children?.forEach(addArrow);
  };
  const addField = ({ name, type }: NestedField): void => {
    note(name, isMoment(type));
    partsOf(type).forEach(addField);
  };
  for (const { schema } of tables) schema.fields.forEach(addField);
  for (const { schema } of rows) schema.fields.forEach(addArrow);
  return { mayBeMoment: (name) => moments.has(name) || !others.has(name) };
}

function isMoment(type: Type): boolean {
  return type.kind === 'primitive' && type.type.startsWith('timestamptz');
}

function partsOf(type: Type): readonly NestedField[] {
  switch (type.kind) {
    case 'struct':
      return type.fields;
    case 'list':
      return partsOf(type.element);
    case 'map':
      return [...partsOf(type.key), ...partsOf(type.value)];
    default:
      return [];
  }
}
