/** Values whose type is not known when their SQL is written, cast to that of a column, or refused where that would lose a part of them. */
import { DataType, type Field } from 'apache-arrow';
import type { Type } from '../../iceberg/types.js';
import { quoteString, tokenize } from '../../sql/index.js';

/**
 * `cast` gives the SQL that casts a value. Of what lies inside structs, lists and maps something is said only where `given` tells what the value is.
 */
export function losslessSql(
  name: string,
  type: Type,
  value: string,
  cast: (value: string) => string,
  given?: Field,
): string {
  const isColumn = isColumnName(value);
  const item = isColumn ? value : 'v';
  const losses = lossesOf({ path: name, type, given }, item, 0);
  if (losses.length === 0) return cast(value);
  const cases = losses.map(({ condition, message }) => `WHEN ${condition} THEN error(${quoteString(message)})`);
  const checked = `CASE ${cases.join(' ')} ELSE ${cast(item)} END`;
  // What is no column is computed once, however often it is looked at.
  return isColumn ? checked : `list_transform([${value}], lambda v: ${checked})[1]`;
}

/** A column, or a part of one: where it is, its type, and what is given for it. */
interface Target {
  path: string;
  type: Type;
  given: Field | undefined;
}

interface Loss {
  condition: string;
  message: string;
}

function lossesOf({ path, type, given }: Target, v: string, depth: number): Loss[] {
  const own = lossOf(type, v);
  if (own) return [{ condition: own.condition, message: `the column ${path} ${own.message}` }];
  const item = `x${depth}`;
  const among = (values: string, target: Target) =>
    lossesOf(target, item, depth + 1).map(({ condition, message }) => ({
      condition: `len(list_filter(${values}, lambda ${item}: ${condition})) > 0`,
      message,
    }));
  if (type.kind === 'struct' && DataType.isStruct(given?.type)) return lossesInStruct({ path, type, given }, v, depth);
  if (type.kind === 'list' && given && isList(given.type)) {
    return among(v, { path: `${path}.element`, type: type.element, given: given.type.children?.[0] as Field });
  }
  if (type.kind === 'map' && DataType.isMap(given?.type)) {
    const [key, entry] = (given.type.children[0] as Field).type.children as [Field, Field];
    return [
      ...among(`map_keys(${v})`, { path: `${path}.key`, type: type.key, given: key }),
      ...among(`map_values(${v})`, { path: `${path}.value`, type: type.value, given: entry }),
    ];
  }
  return [];
}

/** Of the fields that the column has, and of those that it lacks. The fields of ROW (…) have no names, and go by position. */
function lossesInStruct({ path, type, given }: Target, v: string, depth: number): Loss[] {
  const fields = type.kind === 'struct' ? type.fields : [];
  const parts = (given?.type.children ?? []) as Field[];
  const isNamed = parts.some(({ name }) => Boolean(name));
  const lacking = isNamed ? parts.filter((part) => !fields.some(({ name }) => isSameName(name, part.name))) : [];
  return [
    ...lacking.map(({ name }) => ({
      condition: `${v} IS NOT NULL`,
      message: `the column ${path} has no field "${name}"`,
    })),
    ...fields.flatMap((field, index) => {
      const part = isNamed ? parts.find(({ name }) => isSameName(name, field.name)) : parts[index];
      if (!part) return [];
      const value = `struct_extract(${v}, ${isNamed ? quoteString(part.name) : index + 1})`;
      return lossesOf({ path: `${path}.${field.name}`, type: field.type, given: part }, value, depth);
    }),
  ];
}

function isSameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function isList(type: DataType): boolean {
  return DataType.isList(type) || DataType.isFixedSizeList(type);
}

/** Names with dots between them, possibly in parentheses; no call. */
function isColumnName(sql: string): boolean {
  const tokens = [...tokenize(sql)];
  const first = tokens.findIndex(({ text }) => text !== '(');
  return tokens
    .slice(first)
    .every(({ kind, text }) => kind === 'word' || kind === 'quoted' || text === '.' || text === ')');
}

/** What can be lost of a value. */
function lossOf(type: Type, v: string): { condition: string; message: string } | undefined {
  if (type.kind !== 'primitive') return undefined;
  switch (type.type) {
    case 'int':
    case 'long':
      return {
        condition: `TRY_CAST(${v} AS DOUBLE) <> trunc(TRY_CAST(${v} AS DOUBLE))`,
        message: 'holds whole numbers and would lose the fraction of a value; round it',
      };
    case 'boolean':
      return {
        condition: `TRY_CAST(${v} AS DOUBLE) NOT IN (0, 1)`,
        message: 'holds true and false, and 1 and 0 for them',
      };
    case 'date': {
      const time = `TRY_CAST(${v} AS TIMESTAMP)`;
      return {
        condition: `isfinite(${time}) AND ${time} <> date_trunc('day', ${time})`,
        message: 'holds dates and would lose the time of a value; cast it to DATE',
      };
    }
    case 'timestamp':
    case 'timestamptz':
      return {
        condition:
          `typeof(${v}) IN ('TIMESTAMP_NS', 'timestamptz_ns') AND ` +
          `epoch_ns(TRY_CAST(CAST(${v} AS VARCHAR) AS TIMESTAMP_NS)) % 1000 <> 0`,
        message: 'holds microseconds and would lose the nanoseconds of a value; cast it to microseconds',
      };
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return {
        condition: `typeof(${v}) NOT IN ('TIMESTAMP_NS', 'timestamptz_ns') AND NOT isfinite(TRY_CAST(${v} AS TIMESTAMP))`,
        message: 'holds points in time; infinity is none',
      };
    default:
      return undefined;
  }
}
