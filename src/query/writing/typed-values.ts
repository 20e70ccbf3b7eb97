/** Values of columns, cast to their types. */
import type { Type } from '../../iceberg/types.js';
import { quoteName } from '../../sql/index.js';

/** Casts as INSERT does. */
export function typedSql(type: Type, sql: string): string {
  const name = castType(type);
  return name === undefined ? sql : `CAST(${sql} AS ${name})`;
}

const PRIMITIVES = new Map<string, string>([
  ['boolean', 'BOOLEAN'],
  ['int', 'INTEGER'],
  ['long', 'BIGINT'],
  ['float', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['date', 'DATE'],
  ['time', 'TIME'],
  ['timestamp', 'TIMESTAMP'],
  ['timestamptz', 'TIMESTAMPTZ'],
  ['timestamp_ns', 'TIMESTAMP_NS'],
  ['timestamptz_ns', 'TIMESTAMPTZ_NS'],
  ['string', 'VARCHAR'],
  ['uuid', 'UUID'],
  ['binary', 'BLOB'],
  ['variant', 'VARIANT'],
]);

/** The engine's name of a type; undefined for those that it has none of its own for. */
function castType(type: Type): string | undefined {
  switch (type.kind) {
    case 'primitive':
      return PRIMITIVES.get(type.type);
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'fixed':
      return 'BLOB';
    case 'geometry':
    case 'geography':
      return 'GEOMETRY';
    case 'struct': {
      const fields = type.fields.map(({ name, type: child }) => [quoteName(name), castType(child)]);
      if (fields.some(([, child]) => child === undefined)) return undefined;
      return `STRUCT(${fields.map((field) => field.join(' ')).join(', ')})`;
    }
    case 'list': {
      const element = castType(type.element);
      return element && `${element}[]`;
    }
    case 'map': {
      const [key, value] = [castType(type.key), castType(type.value)];
      return key && value && `MAP(${key}, ${value})`;
    }
    default:
      return undefined;
  }
}
