/** What the table says of the bytes in a file's columns, whatever their writer wrote beside them. */
import type { PhysicalColumn } from '../../../expressions/index.js';
import { allColumns, canHaveBeenDate, fieldsById } from '../../../iceberg/index.js';
import type { Type } from '../../../iceberg/types.js';
import type { Annotation, ParquetFooter, SchemaElement } from '../../../parquet/index.js';
import type { PinnedTable } from '../../contract.js';

const typesOfTables = new WeakMap<PinnedTable, ReadonlyMap<number, Type>>();

/** Types of all fields that the table ever had, by field id: as the scan's schema has them or, those that were dropped, the newest that had. */
function typesOf(table: PinnedTable): ReadonlyMap<number, Type> {
  const known = typesOfTables.get(table);
  if (known) return known;
  const types = new Map<number, Type>([[pathFieldId, { kind: 'primitive', type: 'string' }]]);
  for (const [id, { type }] of [...allColumns(table.metadata), ...fieldsById(table.schema.fields)]) types.set(id, type);
  typesOfTables.set(table, types);
  return types;
}

/** Reserved for the path in position deletes. */
const pathFieldId = 2147483546;

/**
 * Annotations by the index of the element in the footer.
 *
 * @param columns the footer's own, with field ids
 */
export function tableAnnotations(
  table: PinnedTable,
  footer: ParquetFooter,
  columns: readonly PhysicalColumn[],
): Map<number, Annotation> {
  const types = typesOf(table);
  const wanted = new Map<number, Annotation>();
  let index = 0;
  const visit = (column: PhysicalColumn, given: Type | undefined): void => {
    const element = footer.elements[++index];
    const type = column.fieldId === undefined ? given : types.get(column.fieldId);
    const annotation = element?.physicalType && type && annotationFor(type, element);
    if (annotation) wanted.set(index, annotation);
    column.children.forEach((child, place) => void visit(child, typeWithin(type, child, place)));
  };
  for (const column of columns) visit(column, undefined);
  return wanted;
}

/** The type of what has no field id: of a field by its name, of elements, keys and values by their place. */
function typeWithin(type: Type | undefined, child: PhysicalColumn, place: number): Type | undefined {
  switch (type?.kind) {
    case 'struct':
      return type.fields.find(({ name }) => name === child.name)?.type;
    case 'list':
      // The repeated group in between, or the element itself.
      return child.children.length === 1 ? type : type.element;
    case 'map':
      if (child.children.length > 0 && place === 0 && child.name !== 'key') return type;
      return place === 0 ? type.key : type.value;
    default:
      return undefined;
  }
}

/** Undefined where what the file says will do. */
function annotationFor(type: Type, { physicalType, annotation }: SchemaElement): Annotation | undefined {
  const { kind } = annotation;
  if (type.kind === 'decimal') {
    const most = physicalType === 'INT32' ? 9 : physicalType === 'INT64' ? 18 : 38;
    if (kind === 'decimal') return undefined;
    return { kind: 'decimal', precision: Math.max(Math.min(type.precision, most), type.scale), scale: type.scale };
  }
  if (type.kind === 'fixed') return { kind: 'none' };
  if (type.kind !== 'primitive') return undefined;
  // What is of 32 bits was written when the column held dates.
  if (canHaveBeenDate(type) && physicalType === 'INT32') return { kind: 'date' };
  const unit = kind === 'time' || kind === 'timestamp' ? annotation.unit : 'micros';
  switch (type.type) {
    case 'string':
    case 'uuid':
    case 'date':
      return { kind: type.type };
    case 'binary':
      return { kind: 'none' };
    case 'int':
    case 'long':
      return kind === 'integer' || kind === 'unsigned' ? undefined : { kind: 'none' };
    case 'time':
      return { kind: 'time', unit: kind === 'time' ? unit : 'micros', utc: false };
    case 'timestamp':
    case 'timestamptz': {
      // The engine has no instants in nanoseconds; it is shown their clocks in UTC.
      const known = kind === 'timestamp' ? unit : 'micros';
      return { kind: 'timestamp', unit: known, utc: type.type === 'timestamptz' && known !== 'nanos' };
    }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return { kind: 'timestamp', unit: kind === 'timestamp' ? unit : 'nanos', utc: false };
    default:
      return undefined;
  }
}
