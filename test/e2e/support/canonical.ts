/** Values as the canonical text of test/fixtures/README.md, and the names of types as Iceberg has them. */
import { DataType, type Field, Type } from 'apache-arrow';
import { dateText, timestampText, timeText } from '../../../src/formats/calendar.js';

/** A cell: null or a text. `value` is in the conventions of `batchToRows`. */
export function canonicalCell(field: Field, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const { type } = field;
  return isNested(type) ? JSON.stringify(nested(field, value)) : leaf(field, value);
}

function isNested(type: DataType): boolean {
  return DataType.isStruct(type) || DataType.isList(type) || DataType.isMap(type);
}

function nested(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  const { type } = field;
  if (DataType.isStruct(type)) {
    const members = value as Record<string, unknown>;
    return Object.fromEntries(type.children.map((child) => [child.name, nested(child, members[child.name])]));
  }
  const [child] = (type.children ?? []) as Field[];
  if (DataType.isMap(type)) {
    const [keyField, valueField] = (child as Field).type.children as [Field, Field];
    const pairs = (value as [unknown, unknown][]).map(([key, item]) => [
      nested(keyField, key),
      nested(valueField, item),
    ]);
    return sortedByText(pairs, ([key]) => key);
  }
  if (DataType.isList(type)) return (value as unknown[]).map((item) => nested(child as Field, item));
  return leaf(field, value);
}

/** In the order of the items' JSON texts, by UTF-16 code units. */
export function sortedByText<T>(items: readonly T[], key: (item: T) => unknown = (item) => item): T[] {
  const texts = items.map((item) => ({ item, text: JSON.stringify(key(item)) }));
  return texts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)).map(({ item }) => item);
}

function leaf(field: Field, value: unknown): string {
  const { type } = field;
  if (DataType.isFloat(type)) return Object.is(value, -0) ? '-0' : String(value);
  if (DataType.isDecimal(type)) return decimalText(value as bigint, type.scale);
  if (DataType.isDate(type)) return padYear(dateText(value as number));
  if (DataType.isTime(type)) return withFraction(timeText(BigInt(value as bigint), perSecond(type.unit)), 6);
  if (DataType.isTimestamp(type)) {
    const text = padYear(timestampText(value as bigint, perSecond(type.unit), 'T'));
    return withFraction(text, type.unit === 3 ? 9 : 6) + (type.timezone ? 'Z' : '');
  }
  if (isUuid(field)) return hex(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (value instanceof Uint8Array) return hex(value);
  return String(value);
}

function isUuid({ type, metadata }: Field): boolean {
  return DataType.isFixedSizeBinary(type) && metadata.get('ARROW:extension:name') === 'arrow.uuid';
}

function hex(value: unknown): string {
  return Buffer.from(value as Uint8Array).toString('hex');
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const sign = unscaled < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function perSecond(unit: number): bigint {
  return 1000n ** BigInt(unit);
}

/** Years below 0 or above 9999 have a sign and six digits. */
function padYear(text: string): string {
  const [, minus, year, rest] = /^(-?)(\d+)(-.*)$/.exec(text) as unknown as [string, string, string, string];
  if (minus === '' && year.length === 4) return text;
  return `${minus === '' ? '+' : '-'}${year.padStart(6, '0')}${rest}`;
}

function withFraction(text: string, digits: number): string {
  const [whole, fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(digits, '0')}`;
}

/** The name of the Iceberg type that an Arrow type carries: `struct<a: int, b: list<string>>`. */
export function icebergTypeName(field: Field): string {
  const { type } = field;
  const children = (type.children ?? []) as Field[];
  if (isUuid(field)) return 'uuid';
  if (DataType.isStruct(type)) {
    return `struct<${children.map((child) => `${child.name}: ${icebergTypeName(child)}`).join(', ')}>`;
  }
  if (DataType.isMap(type))
    return `map<${((children[0] as Field).type.children as Field[]).map(icebergTypeName).join(', ')}>`;
  if (DataType.isList(type)) return `list<${icebergTypeName(children[0] as Field)}>`;
  if (DataType.isDecimal(type)) return `decimal(${type.precision}, ${type.scale})`;
  if (DataType.isInt(type)) return type.bitWidth === 64 ? 'long' : 'int';
  if (DataType.isFloat(type)) return type.precision === 2 ? 'double' : 'float';
  if (DataType.isTimestamp(type)) {
    return `timestamp${type.timezone ? 'tz' : ''}${type.unit === 3 ? '_ns' : ''}`;
  }
  if (DataType.isFixedSizeBinary(type)) return `fixed[${type.byteWidth}]`;
  const names: Partial<Record<Type, string>> = {
    [Type.Bool]: 'boolean',
    [Type.Utf8]: 'string',
    [Type.Binary]: 'binary',
    [Type.Date]: 'date',
    [Type.Time]: 'time',
    [Type.Null]: 'unknown',
  };
  return names[type.typeId as Type] ?? String(type);
}

/**
 * A type of an expected answer in the same spelling: without field ids, and what Arrow carries as something else by that name (spatial
 * types as binary, variant as string), or the engine has as something else: a column that is always null as int.
 */
export function expectedTypeName(type: string): string {
  return type
    .replaceAll(/\b\d+: (?=\S)/g, '')
    .replaceAll(/: (?:optional|required) /g, ': ')
    .replaceAll(/\bbigint\b/g, 'long')
    .replaceAll(/\barray</g, 'list<')
    .replaceAll(/(?<=[<,]\w+):(?=\w)/g, ': ')
    .replaceAll(/,(?=\S)/g, ', ')
    .replaceAll(/geometry(\([^)]*\))?|geography(\([^)]*\))?/g, 'binary')
    .replaceAll(/\bvariant\b/g, 'string')
    .replaceAll(/\bunknown\b/g, 'int');
}
