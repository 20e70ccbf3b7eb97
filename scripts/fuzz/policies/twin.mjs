/** Plain tables of the reference that hold what is seen of a table, and nothing else. */
import { identifier, typeSql } from '../sql/types.mjs';
import { decimalText } from './constants.mjs';

const UNITS = { timestamp: 'make_timestamp', timestamptz: 'make_timestamp', timestamp_ns: 'make_timestamp_ns' };
/** Types whose values have no text that a statement could hold. */
const WITHOUT_TEXT = ['variant', 'unknown', 'geometry', 'geography'];

/** Whether all of a type's values can be written. */
export function isWritable(type) {
  if (type.kind === 'struct') return type.fields.every((field) => isWritable(field.type));
  if (type.kind === 'list') return isWritable(type.element.type);
  if (type.kind === 'map') return isWritable(type.value.type);
  return !WITHOUT_TEXT.includes(type.kind);
}

/** The statement that makes the table. `columns` are those of the random table, `fields` the same as the catalog has them, `rows` what is seen. */
export function twinSql(name, columns, fields, rows) {
  const items = columns.map((column) => `${identifier(column.name)} ${typeSql(column.type)}`).join(', ');
  const made = `CREATE OR REPLACE TABLE ${name} (${items})`;
  if (rows.length === 0) return [made];
  const values = rows.map((row) => {
    const cells = row.map(
      (value, index) =>
        `CAST(${sqlOf(fields[index].type, value, columns[index].type)} AS ${typeSql(columns[index].type)})`,
    );
    return `(${cells.join(', ')})`;
  });
  return [made, `INSERT INTO ${name} VALUES ${values.join(', ')}`];
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

function sqlOf(type, value, column) {
  if (value === null) return 'NULL';
  const typed = (field, part, index) => `CAST(${sqlOf(field.type, part, index)} AS ${typeSql(index)})`;
  switch (type.kind) {
    case 'struct': {
      const parts = type.fields.map(
        (field, index) =>
          `${identifier(column.fields[index].name)} := ${typed(field, value[index], column.fields[index].type)}`,
      );
      return `struct_pack(${parts.join(', ')})`;
    }
    case 'list':
      return `[${value.map((item) => typed(type.element, item, column.element.type)).join(', ')}]`;
    case 'map': {
      const keys = value.map(([key]) => typed(type.entryKey, key, column.entryKey.type));
      const values = value.map(([, item]) => typed(type.value, item, column.value.type));
      return `map([${keys.join(', ')}], [${values.join(', ')}])`;
    }
    case 'boolean':
      return String(value);
    case 'float':
    case 'double':
      return quoted(Object.is(value, -0) ? '-0.0' : String(value));
    case 'decimal':
      return `'${decimalText(value, type.scale)}'`;
    case 'date':
      return `DATE '1970-01-01' + (${value})::INTEGER`;
    case 'time':
      return `CAST(make_timestamp(${value}) AS TIME)`;
    case 'string':
      return value.includes('\0') ? `(${value.split('\0').map(quoted).join(' || chr(0) || ')})` : quoted(value);
    case 'uuid':
      return quoted(value.toString('hex'));
    case 'fixed':
    case 'binary':
      return `unhex('${value.toString('hex')}')`;
    case 'int':
    case 'long':
      return `'${value}'`;
    case 'timestamptz_ns':
      return `CAST(make_timestamp_ns(${value}) AS VARIANT)`;
    default:
      return `${UNITS[type.kind]}(${value})`;
  }
}
