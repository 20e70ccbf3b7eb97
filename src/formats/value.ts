/** Values of every Arrow type as exact text. Values are in the conventions of `batchToRows`. */

import { DataType, type Field, Type } from 'apache-arrow';
import { decimalText } from '../decimal-text.js';
import { dateText, intervalText, timestampText, timeText } from './calendar.js';
import { offsetsOf, offsetText } from './time-zone.js';

export type ValueFormat = (value: unknown) => string;

/** How tables and CSV show a value that is not null: plain text for single values, JSON for lists, structs and maps. */
export function textFormat(field: Field): ValueFormat {
  const { type } = field;
  if (isNested(type)) return jsonFormat(field);
  const json = nonTextFormat(field, ' ');
  return json ?? ((value) => String(value));
}

/**
 * A value as JSON. Integers and decimals are numbers with all their digits; NaN and the infinities, which JSON lacks, are strings, as are
 * dates and times (ISO 8601), UUIDs, intervals and binaries (hexadecimal). A map is an object where its keys are strings, else a list of
 * pairs.
 */
export function jsonFormat(field: Field): ValueFormat {
  const { type } = field;
  const format = presentJsonFormat(field, type);
  return (value) => (value === null || value === undefined ? 'null' : format(value));
}

/** True for the types that a table aligns to the right. */
export function isNumeric(type: DataType): boolean {
  return DataType.isInt(type) || DataType.isFloat(type) || DataType.isDecimal(type);
}

function presentJsonFormat(field: Field, type: DataType): ValueFormat {
  const children = (type.children ?? []) as Field[];
  if (DataType.isBool(type)) return String;
  if (DataType.isMap(type)) return mapFormat(children[0]?.type.children as Field[]);
  if (DataType.isStruct(type)) {
    const members = children.map((child) => ({
      name: child.name,
      key: JSON.stringify(child.name),
      format: jsonFormat(child),
    }));
    return (value) => {
      const record = value as Record<string, unknown>;
      return `{${members.map(({ name, key, format }) => `${key}: ${format(record[name])}`).join(', ')}}`;
    };
  }
  if (isNested(type) && children[0] !== undefined) {
    const format = jsonFormat(children[0]);
    return (value) => `[${(value as unknown[]).map(format).join(', ')}]`;
  }
  const text = nonTextFormat(field, 'T');
  if (text === undefined) return (value) => JSON.stringify(typeof value === 'bigint' ? Number(value) : value);
  if (!isNumeric(type)) return (value) => JSON.stringify(text(value));
  return (value) => (typeof value === 'number' && !Number.isFinite(value) ? JSON.stringify(text(value)) : text(value));
}

function mapFormat([keyField, valueField]: Field[]): ValueFormat {
  if (keyField === undefined || valueField === undefined) return () => '{}';
  const key = jsonFormat(keyField);
  const value = jsonFormat(valueField);
  const entries = (map: unknown) => map as [unknown, unknown][];
  if (DataType.isUtf8(keyField.type) || DataType.isLargeUtf8(keyField.type)) {
    return (map) =>
      `{${entries(map)
        .map(([name, item]) => `${key(name)}: ${value(item)}`)
        .join(', ')}}`;
  }
  return (map) =>
    `[${entries(map)
      .map(([name, item]) => `[${key(name)}, ${value(item)}]`)
      .join(', ')}]`;
}

/** The text of single values with dates and times as ISO 8601 has them; undefined for types whose values are text, boolean or nested. */
export function isoText(field: Field): ValueFormat | undefined {
  return nonTextFormat(field, 'T');
}

/** The text of types whose values are no text themselves; undefined for the others. */
function nonTextFormat(field: Field, dateTimeSeparator: string): ValueFormat | undefined {
  const { type } = field;
  if (DataType.isInt(type)) return String;
  if (DataType.isFloat(type))
    return type.precision === 2 ? doubleText : (value) => floatText(value as number, type.precision);
  if (DataType.isDecimal(type)) return (value) => decimalText(value as bigint, type.scale);
  if (DataType.isDate(type)) {
    const perDay = type.unit === 0 ? 1 : 86_400_000;
    return (value) => dateText(Math.floor((value as number) / perDay));
  }
  if (DataType.isTime(type)) return (value) => timeText(BigInt(value as bigint), perSecond(type.unit));
  if (DataType.isTimestamp(type)) {
    return momentFormat(type.timezone || undefined, perSecond(type.unit), dateTimeSeparator);
  }
  if (DataType.isDuration(type)) {
    const scale = 1_000_000_000n / perSecond(type.unit);
    return (value) => intervalText(0, 0, (value as bigint) * scale);
  }
  if (DataType.isInterval(type)) return intervalValueText;
  if (DataType.isFixedSizeBinary(type) && field.metadata.get('ARROW:extension:name') === 'arrow.uuid') return uuidText;
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isFixedSizeBinary(type)) return hexText;
  return undefined;
}

/** Moments with the time and the offset of their zone; with `Z` in UTC. */
function momentFormat(timeZone: string | undefined, perSecond: bigint, separator: string): ValueFormat {
  const text = (value: bigint) => timestampText(value, perSecond, separator);
  if (timeZone === undefined) return (value) => text(value as bigint);
  const offsetAt = timeZone === 'UTC' ? undefined : offsetsOf(timeZone);
  if (!offsetAt) return (value) => `${text(value as bigint)}Z`;
  return (value) => {
    const moment = value as bigint;
    const offset = offsetAt(floorDivide(moment, perSecond));
    return text(moment + offset * perSecond) + offsetText(offset);
  };
}

function floorDivide(value: bigint, unit: bigint): bigint {
  return (value - (((value % unit) + unit) % unit)) / unit;
}

function isNested(type: DataType): boolean {
  return (
    DataType.isList(type) ||
    DataType.isFixedSizeList(type) ||
    DataType.isStruct(type) ||
    DataType.isMap(type) ||
    type.typeId === Type.LargeList
  );
}

/** The shortest text that reads back as the same number, always with a point or an exponent. */
function doubleText(value: unknown): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The same for 32 bits and 16 bits, which have shorter texts than the double of equal value. */
function floatText(value: number, precision: number): string {
  if (precision === 1 && Number.isFinite(value)) {
    for (let digits = 1; digits < 9; digits++) {
      const shorter = Number(value.toPrecision(digits));
      if (Math.fround(shorter) === value) return doubleText(shorter);
    }
  }
  return doubleText(value);
}

function intervalValueText(value: unknown): string {
  if (typeof value === 'number') return intervalText(value, 0, 0n);
  const parts = value as [number, number] | [number, number, bigint];
  if (parts.length === 2) return intervalText(0, parts[0], BigInt(parts[1]) * 1_000_000n);
  return intervalText(parts[0], parts[1], parts[2]);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexText(value: unknown): string {
  let text = '';
  for (const byte of value as Uint8Array) text += HEX[byte];
  return text;
}

function uuidText(value: unknown): string {
  return hexText(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Units of an Arrow type in one second; `unit` is that of the schema: 0 seconds to 3 nanoseconds. */
function perSecond(unit: number): bigint {
  return 1000n ** BigInt(unit);
}
