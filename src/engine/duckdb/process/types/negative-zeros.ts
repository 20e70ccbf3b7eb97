/**
 * The sign of zero. The engine's dictionaries of Parquet files and the compression of its own take −0 and 0 for the same value, and keep the first
 * of the two that they meet.
 */
import { DataType, type Field, Type } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import { quoteText } from '../native/text.js';
import { childOf, entryFields, isVariant } from './sql-type.js';

const FOUND = 'there is a negative zero among the values';

/** Whether its values may hold a zero with a sign. */
export function holdsFloats(field: Field): boolean {
  return conditionOf(field, 'x', 0) !== undefined;
}

/** Whether its values may be told apart although the engine takes them for equal: a month is 30 days to it. */
export function holdsIntervals({ type }: Field): boolean {
  if (DataType.isInterval(type)) return true;
  return ((type.children ?? []) as Field[]).some(holdsIntervals);
}

/** The value, or the error that `isNegativeZero` knows. */
export function withoutNegativeZeros(field: Field, value: string): string {
  const condition = conditionOf(field, value, 0);
  return condition === undefined ? value : `CASE WHEN ${condition} THEN error(${quoteText(FOUND)}) ELSE ${value} END`;
}

export function isNegativeZero(error: unknown): boolean {
  return error instanceof SkuaError && error.message.includes(FOUND);
}

/** That there is one in a value; undefined where there can be none. */
function conditionOf(field: Field, value: string, depth: number): string | undefined {
  const { type } = field;
  if (isVariant(field)) return undefined;
  if (DataType.isFloat(type)) return `(${value} = 0 AND signbit(${value}))`;
  if (DataType.isStruct(type)) {
    return anyOf(
      (type.children as Field[]).map((child) =>
        conditionOf(child, `struct_extract(${value}, ${quoteText(child.name)})`, depth),
      ),
    );
  }
  if (DataType.isMap(type)) {
    const [key, entry] = entryFields(type);
    return anyOf([among(`map_keys(${value})`, key, depth), among(`map_values(${value})`, entry, depth)]);
  }
  const isList = DataType.isList(type) || DataType.isFixedSizeList(type) || type.typeId === Type.LargeList;
  return isList ? among(value, childOf(type), depth) : undefined;
}

function among(values: string, field: Field, depth: number): string | undefined {
  const item = `x${depth}`;
  const condition = conditionOf(field, item, depth + 1);
  return condition && `len(list_filter(${values}, lambda ${item}: ${condition})) > 0`;
}

function anyOf(conditions: readonly (string | undefined)[]): string | undefined {
  const known = conditions.filter((condition) => condition !== undefined);
  return known.length === 0 ? undefined : `(${known.join(' OR ')})`;
}
