import { DataType, type Field, TimeUnit, Type } from 'apache-arrow';

/** What SQL calls the type of a column of a result: `BIGINT`, `DECIMAL(10,2)`, `STRUCT("a" INTEGER)`. */
export function sqlTypeName(field: Field): string {
  const named = field.metadata.get('ARROW:FLIGHT:SQL:TYPE_NAME');
  if (named !== undefined) return named;
  if (field.metadata.get('ARROW:extension:name') === 'arrow.uuid') return 'UUID';
  const { type } = field;
  const children = (type.children ?? []) as Field[];
  const [child] = children;
  if (DataType.isDictionary(type)) return sqlTypeName(field.clone({ type: type.dictionary }));
  if (DataType.isStruct(type)) {
    return `STRUCT(${children.map((member) => `"${member.name.replaceAll('"', '""')}" ${sqlTypeName(member)}`).join(', ')})`;
  }
  if (child !== undefined) {
    if (DataType.isMap(type)) return `MAP(${(child.type.children as Field[]).map(sqlTypeName).join(', ')})`;
    if (DataType.isFixedSizeList(type)) return `${sqlTypeName(child)}[${type.listSize}]`;
    if (DataType.isList(type) || type.typeId === Type.LargeList) return `${sqlTypeName(child)}[]`;
  }
  return scalarName(type) ?? String(type);
}

function scalarName(type: DataType): string | undefined {
  if (DataType.isNull(type)) return 'NULL';
  if (DataType.isBool(type)) return 'BOOLEAN';
  if (DataType.isInt(type)) {
    const name = { 8: 'TINYINT', 16: 'SMALLINT', 32: 'INTEGER', 64: 'BIGINT' }[type.bitWidth as 8 | 16 | 32 | 64];
    return type.isSigned ? name : `U${name}`;
  }
  if (DataType.isFloat(type)) return type.precision === 2 ? 'DOUBLE' : 'FLOAT';
  if (DataType.isDecimal(type)) return `DECIMAL(${type.precision},${type.scale})`;
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return 'VARCHAR';
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isFixedSizeBinary(type)) return 'BLOB';
  if (DataType.isDate(type)) return 'DATE';
  if (DataType.isTime(type)) return 'TIME';
  if (DataType.isTimestamp(type)) {
    const zone = type.timezone ? ' WITH TIME ZONE' : '';
    return type.unit === TimeUnit.NANOSECOND ? `TIMESTAMP_NS${zone}` : `TIMESTAMP${zone}`;
  }
  if (DataType.isInterval(type) || DataType.isDuration(type)) return 'INTERVAL';
  return undefined;
}
