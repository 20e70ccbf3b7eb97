/** What a column can't hold, as SQL over a value: at any depth of structs, lists and maps, with the path to what is wrong. */
import { DataType, type Field, TimeUnit, Type } from 'apache-arrow';
import { quoteText } from '../native/text.js';
import {
  childOf,
  entryFields,
  isNanosecondTimestamp,
  isSpatial,
  isUuid,
  isVariant,
  isZonedNanoseconds,
  sqlTypeOf,
} from '../types/sql-type.js';
import { holdsInfinitySql, isVariantNullSql } from '../types/variants.js';

/** Something that must not be: a condition that holds where it is, and what is said then. */
interface Fault {
  condition: string;
  message: string;
  /** A value that the message ends with. */
  shown?: string;
}

/** The value, or an error that names the path to the first fault. */
function unless(faults: readonly Fault[], value: string): string {
  if (faults.length === 0) return value;
  const cases = faults.map(({ condition, message, shown }) => {
    const text =
      shown === undefined ? quoteText(message) : `${quoteText(message)} || left(CAST(${shown} AS VARCHAR), 40)`;
    return `WHEN ${condition} THEN error(${text})`;
  });
  return `CASE ${cases.join(' ')} ELSE ${value} END`;
}

/** A column, or a part of one, and what the value was before it was cast, where that is known. */
export interface Holder {
  field: Field;
  from?: Field | undefined;
}

/**
 * The value of a column's own type, or an error where the column can't hold it: null, no point in time, too long. `where` is the condition on
 * which it has to.
 */
export function heldSql(holder: Holder, value: string, where?: string): string {
  const faults = faultsOf(holder, { value, path: holder.field.name, depth: 0 });
  if (where === undefined) return unless(faults, value);
  return unless(
    faults.map(({ condition, message }) => ({ condition: `(${where} AND ${condition})`, message })),
    value,
  );
}

/** `stored`, which is `value` as the column's type, or an error where a part of the value was lost on the way that nobody would give up unasked. */
export function losslessSql(field: Field, given: Field | undefined, value: string, stored: string): string {
  if (DataType.isNull(field.type)) return unless([somethingOf(field, value)], stored);
  if (!given) return stored;
  const cast = mayFail(field, given) ? `TRY_CAST(${value} AS ${sqlTypeOf(field)})` : stored;
  return unless(lossesOf(field, given, value, field.name, 0), cast);
}

/** What is not null in a column whose type is not known yet. */
function somethingOf({ name }: Field, value: string): Fault {
  return {
    condition: `${value} IS NOT NULL`,
    message: `the column ${name} is of the type "NULL" and takes nothing else; ALTER TABLE … ALTER COLUMN ${name} TYPE … gives it another type`,
  };
}

/** Words by which the error of a null in a required column is known. */
const notNull = 'NOT NULL constraint';

function faultsOf({ field, from }: Holder, { value, path, depth }: Place): Fault[] {
  const own: Fault[] = [];
  if (!field.nullable) {
    own.push({
      condition: isVariant(field) ? isVariantNullSql(value) : `${value} IS NULL`,
      message: `the column ${path} is required and cannot be null (${notNull})`,
    });
  }
  const outside = outsideSql({ field, from }, value);
  if (outside) own.push({ condition: outside.condition, message: `the column ${path} ${outside.message}` });
  return isVariant(field) ? own : [...own, ...within({ field, from }, { value, path, depth })];
}

/** Where a value that is not null lies outside its type. */
function outsideSql({ field, from }: Holder, value: string): Fault | undefined {
  const { type } = field;
  if (isVariant(field)) {
    return {
      condition: holdsInfinitySql(value),
      message: 'holds variants; infinity is no date and no point in time in them',
    };
  }
  if (DataType.isDate(type)) {
    return {
      condition: `(NOT isfinite(${value}) OR ${value} < DATE '5877642-06-25 (BC)')`,
      message: 'holds dates; infinity is none',
    };
  }
  if (isNanosecondTimestamp(field)) {
    // To the engine the infinities of this type are the second and the last of the times that there are.
    if (from && isNanosecondTimestamp(from)) return undefined;
    return { condition: `NOT isfinite(${value})`, message: 'holds points in time; infinity is none' };
  }
  if (DataType.isTimestamp(type)) {
    const first = `CAST('290309-12-22 (BC) 00:00:00${type.timezone ? '+00' : ''}' AS ${sqlTypeOf(field)})`;
    return {
      condition: `(NOT isfinite(${value}) OR ${value} < ${first})`,
      message: 'holds points in time; infinity is none',
    };
  }
  if (DataType.isTime(type)) {
    return {
      condition: `(${value} < TIME '00:00:00' OR ${value} >= TIME '24:00:00')`,
      message: 'holds times of a day, which are before 24:00:00',
    };
  }
  if (DataType.isFixedSizeBinary(type) && !isUuid(field)) {
    return {
      condition: `octet_length(${value}) <> ${type.byteWidth}`,
      message: `holds values of ${type.byteWidth} bytes`,
    };
  }
  return undefined;
}

/** The faults of what a struct, list or map holds. */
function within({ field: { type }, from }: Holder, { value, path, depth }: Place): Fault[] {
  if (DataType.isStruct(type)) {
    const given = DataType.isStruct(from?.type) ? (from.type.children as Field[]) : [];
    return (type.children as Field[]).flatMap((child) => {
      const part = given.find((candidate) => isSameName(child, candidate));
      const place = { value: partSql(value, child), path: `${path}.${child.name}`, depth };
      const found = faultsOf({ field: child, from: part }, place);
      return found.map((fault) => ({ ...fault, condition: `(${value} IS NOT NULL AND ${fault.condition})` }));
    });
  }
  const item = `x${depth}`;
  const inside = (holder: Holder, name: string) =>
    faultsOf(holder, { value: item, path: `${path}.${name}`, depth: depth + 1 });
  if (DataType.isMap(type)) {
    const [key, entry] = entryFields(type);
    const [givenKey, givenEntry] = DataType.isMap(from?.type) ? entryFields(from.type) : [];
    return [
      ...among(`map_keys(${value})`, item, inside({ field: key, from: givenKey }, 'key')),
      ...among(`map_values(${value})`, item, inside({ field: entry, from: givenEntry }, 'value')),
    ];
  }
  if (!isList(type)) return [];
  const given = from && isList(from.type) ? childOf(from.type) : undefined;
  return among(value, item, inside({ field: childOf(type), from: given }, 'element'));
}

function partSql(value: string, { name }: Field): string {
  return `struct_extract(${value}, ${quoteText(name)})`;
}

/** The faults of one item as those of the values that it is among. */
function among(values: string, item: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ condition, message }) => ({
    condition: `len(list_filter(${values}, lambda ${item}: ${condition})) > 0`,
    message,
  }));
}

/** What casting a value of the given field to the column's would lose. Decimals and floating-point numbers are rounded, as SQL does anywhere. */
function lossesOf(field: Field, given: Field, value: string, path: string, depth: number): Fault[] {
  const own: Fault[] = [];
  const loss = lossSql(field, given, value);
  if (loss) own.push({ condition: loss.condition, message: `the column ${path} ${loss.message}` });
  if (mayFail(field, given)) {
    const type = sqlTypeOf(field);
    own.push({
      condition: `(${value} IS NOT NULL AND TRY_CAST(${value} AS ${type}) IS NULL)`,
      message: `the column ${path} holds ${type}; it can't hold `,
      shown: value,
    });
  }
  if (own.length > 0) return own;
  if (isVariant(field)) return [];
  const [into, from] = [field.type, given.type];
  if (DataType.isStruct(into) && DataType.isStruct(from)) {
    return lossesInStruct(into.children as Field[], from.children as Field[], { value, path, depth });
  }
  const item = `x${depth}`;
  const inside = (to: Field, source: Field, name: string) => lossesOf(to, source, item, `${path}.${name}`, depth + 1);
  if (DataType.isMap(into) && DataType.isMap(from)) {
    const [[key, entry], [givenKey, givenEntry]] = [entryFields(into), entryFields(from)];
    return [
      ...among(`map_keys(${value})`, item, inside(key, givenKey, 'key')),
      ...among(`map_values(${value})`, item, inside(entry, givenEntry, 'value')),
    ];
  }
  if (!isList(into) || !isList(from)) return [];
  return among(value, item, inside(childOf(into), childOf(from), 'element'));
}

/** Where a value stands: its SQL, the path to it, and in how many lists and maps. */
interface Place {
  value: string;
  path: string;
  depth: number;
}

/** Of the fields that the column has, and of those that it lacks. The fields of ROW (…) have no names, and go by position. */
function lossesInStruct(fields: readonly Field[], parts: readonly Field[], { value, path, depth }: Place): Fault[] {
  const isNamed = parts.some(({ name }) => name !== '');
  const lacking = isNamed ? parts.filter((part) => !fields.some((field) => isSameName(field, part))) : [];
  return [
    ...lacking.map(({ name }) => ({
      condition: `${value} IS NOT NULL`,
      message: `the column ${path} has no field "${name}"`,
    })),
    ...fields.flatMap((child, index) => {
      const source = isNamed ? parts.find((part) => isSameName(child, part)) : parts[index];
      if (!source) return [];
      const part = isNamed ? partSql(value, source) : `struct_extract(${value}, ${index + 1})`;
      return lossesOf(child, source, part, `${path}.${child.name}`, depth);
    }),
  ];
}

function isSameName(left: Field, right: Field): boolean {
  return left.name.toLowerCase() === right.name.toLowerCase();
}

function lossSql(field: Field, given: Field, value: string): Fault | undefined {
  const [into, from] = [field.type, given.type];
  const isText = DataType.isUtf8(from);
  if (DataType.isInt(into)) {
    const message = 'holds whole numbers and would lose the fraction of a value; round it';
    const number = isText ? `TRY_CAST(CAST(${value} AS VARCHAR) AS DOUBLE)` : value;
    const hasFraction = isText || DataType.isFloat(from) || DataType.isDecimal(from);
    return hasFraction ? { condition: `${number} <> trunc(${number})`, message } : undefined;
  }
  if (DataType.isDate(into)) {
    const message = 'holds dates and would lose the time of a value; cast it to DATE';
    if (isText) {
      const time = `TRY_CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP)`;
      return { condition: `(isfinite(${time}) AND ${time} <> date_trunc('day', ${time}))`, message };
    }
    return DataType.isTimestamp(from) ? { condition: changedSql(field, given, value), message } : undefined;
  }
  if (DataType.isBool(into) && (DataType.isInt(from) || DataType.isFloat(from) || DataType.isDecimal(from))) {
    return { condition: `${value} NOT IN (0, 1)`, message: 'holds true and false, and 1 and 0 for them' };
  }
  if (DataType.isTime(into) && DataType.isTimestamp(from)) {
    return {
      condition: `${value} IS NOT NULL`,
      message: 'holds times of a day, and would lose the date; cast it to TIME',
    };
  }
  if ((DataType.isTimestamp(into) || DataType.isTime(into)) && !isNanoseconds(into) && isNanoseconds(from)) {
    const message =
      'holds microseconds and would lose the nanoseconds of a value; cast it to microseconds, ' +
      'or use a column of nanoseconds, which tables of format version 3 have';
    return { condition: changedSql(field, given, value), message };
  }
  return undefined;
}

/** Whether the cast of one plain value to another may find one that it can't do. */
function mayFail(field: Field, given: Field): boolean {
  if (isVariant(field) || isSpatial(field)) return false;
  const [into, from] = [field.type, given.type];
  if (isNested(into) || isNested(from) || isZonedNanoseconds(field) || isZonedNanoseconds(given)) return false;
  if (DataType.isNull(from) || DataType.isUtf8(into) || sqlTypeOf(field) === sqlTypeOf(given)) return false;
  return !(DataType.isInt(into) && DataType.isInt(from) && from.isSigned && from.bitWidth <= into.bitWidth);
}

function isNested(type: DataType): boolean {
  return DataType.isStruct(type) || DataType.isMap(type) || isList(type);
}

/** Whether the value is another one after it was of the column's type. */
function changedSql(field: Field, given: Field, value: string): string {
  return `CAST(CAST(${value} AS ${sqlTypeOf(field)}) AS ${sqlTypeOf(given)}) IS DISTINCT FROM ${value}`;
}

function isNanoseconds(type: DataType): boolean {
  return (DataType.isTimestamp(type) || DataType.isTime(type)) && type.unit === TimeUnit.NANOSECOND;
}

function isList(type: DataType): boolean {
  return DataType.isList(type) || DataType.isFixedSizeList(type) || type.typeId === Type.LargeList;
}
