/** Answers as texts that are equal where the values are, whatever the layout of the types that carry them. */
import { DataType } from 'apache-arrow';

/**
 * Undefined where two answers are the same, else what differs. `ordered`: the order of the rows counts. `anyUnit`: times may be in another unit,
 * as in a table that has no nanoseconds. Zeros of both signs are one: where equal
 * values are taken together, as in a dictionary of a file, either may stand for them.
 */
export function difference(found, wanted, { ordered = false, anyUnit = false } = {}) {
  const [left, right] = [found, wanted].map(({ schema, rows }) => {
    const texts = rows.map((row) => row.map((value, index) => text(schema.fields[index], value, anyUnit)).join(' | '));
    return ordered ? texts : texts.sort();
  });
  const width = found.schema.fields.length;
  if (width !== wanted.schema.fields.length) return `${width} columns instead of ${wanted.schema.fields.length}`;
  if (left.length !== right.length) return `${left.length} rows instead of ${right.length}${firstOf(left, right)}`;
  const at = left.findIndex((row, index) => row !== right[index]);
  return at < 0 ? undefined : `row ${at}: ${cut(left[at])} instead of ${cut(right[at])}`;
}

/** Undefined where the two schemas have the same names and types. */
export function schemaDifference(one, other) {
  const texts = [one, other].map(({ fields }) => fields.map((field) => `${field} ${[...field.metadata].join(';')}`));
  const at = texts[0].findIndex((field, index) => field !== texts[1][index]);
  if (texts[0].length === texts[1].length && at < 0) return undefined;
  return `planned ${texts[0][at] ?? texts[0].length}, streamed ${texts[1][at] ?? texts[1].length}`;
}

function firstOf(left, right) {
  const rest = new Set(right);
  const extra = left.find((row) => !rest.delete(row));
  const have = new Set(left);
  const missing = right.find((row) => !have.has(row));
  return `${extra === undefined ? '' : `; too many: ${cut(extra)}`}${missing === undefined ? '' : `; missing: ${cut(missing)}`}`;
}

const cut = (row) => (row.length > 300 ? `${row.slice(0, 300)}…` : row);

function text({ type }, value, anyUnit) {
  if (value === null || value === undefined) return 'NULL';
  const [first, second] = type.children ?? [];
  if (DataType.isStruct(type)) {
    return `{${type.children.map((child) => `${child.name}: ${text(child, value[child.name], anyUnit)}`).join(', ')}}`;
  }
  if (DataType.isMap(type)) {
    const [key, item] = first.type.children;
    const entries = value.map(([k, v]) => `${text(key, k, anyUnit)}=${text(item, v, anyUnit)}`);
    return `map(${entries.sort().join(', ')})`;
  }
  if (first && second === undefined) return `[${value.map((item) => text(first, item, anyUnit)).join(', ')}]`;
  if (DataType.isFloat(type)) return String(value === 0 ? 0 : value);
  if (DataType.isDecimal(type)) return decimal(value, type.scale);
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`;
  if (DataType.isTimestamp(type))
    return anyUnit ? `${BigInt(value) * 1000n ** BigInt(3 - type.unit)}` : `${value}/${type.unit}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function decimal(value, scale) {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
}
