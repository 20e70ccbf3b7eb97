import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  List,
  Map_,
  Null,
  Struct,
  TimeMicrosecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { duckdb, type Pointer } from '../native/library.js';
import { Slot, takeText } from '../native/memory.js';
import { nameOfType, widthOfFixed, zonedNanoseconds } from '../native/named-types.js';
import { quoteIdentifier } from '../native/text.js';
import { variantJsonMetadata } from '../types/variants.js';

/** How the values of a column lie in the Arrow arrays that DuckDB exports. */
export type Layout =
  | { kind: 'fixed'; width: number }
  /** One byte for each value, packed to bits on the way. */
  | { kind: 'boolean' }
  | { kind: 'variable' }
  /** Of variable length to DuckDB, while each value has `width` bytes. */
  | { kind: 'sized'; width: number }
  | { kind: 'list'; child: Layout }
  | { kind: 'fixedSizeList'; size: number; child: Layout }
  | { kind: 'struct'; children: Layout[] };

export interface ResultType {
  /** The DuckDB type that is exported, as SQL. */
  sql: string;
  /** True where the query's own type has no Arrow form that clients know, so that it must be cast to `sql`. */
  cast: boolean;
  /** False where the type hangs on values that are not bound yet. */
  known: boolean;
  arrow: DataType;
  metadata?: Map<string, string>;
  layout: Layout;
}

type Simple = [sql: string, arrow: () => DataType, width: number];

const simpleTypes: Record<number, Simple> = {
  2: ['TINYINT', () => new Int8(), 1],
  3: ['SMALLINT', () => new Int16(), 2],
  4: ['INTEGER', () => new Int32(), 4],
  5: ['BIGINT', () => new Int64(), 8],
  6: ['UTINYINT', () => new Uint8(), 1],
  7: ['USMALLINT', () => new Uint16(), 2],
  8: ['UINTEGER', () => new Uint32(), 4],
  9: ['UBIGINT', () => new Uint64(), 8],
  10: ['FLOAT', () => new Float32(), 4],
  11: ['DOUBLE', () => new Float64(), 8],
  12: ['TIMESTAMP', () => new TimestampMicrosecond(), 8],
  13: ['DATE', () => new DateDay(), 4],
  14: ['TIME', () => new TimeMicrosecond(), 8],
  15: ['INTERVAL', () => new IntervalMonthDayNano(), 16],
  20: ['TIMESTAMP_S', () => new TimestampSecond(), 8],
  21: ['TIMESTAMP_MS', () => new TimestampMillisecond(), 8],
  22: ['TIMESTAMP_NS', () => new TimestampNanosecond(), 8],
  31: ['TIMESTAMPTZ', () => new TimestampMicrosecond('UTC'), 8],
  39: ['TIME_NS', () => new TimeNanosecond(), 8],
};

const text: ResultType = { sql: 'VARCHAR', cast: true, known: true, arrow: new Utf8(), layout: { kind: 'variable' } };

/** Describes a logical type and frees its handle. */
export function takeResultType(pointer: Pointer): ResultType {
  try {
    return resultType(pointer);
  } finally {
    duckdb().duckdb_destroy_logical_type(Slot.holding(pointer).memory);
  }
}

function resultType(pointer: Pointer): ResultType {
  const library = duckdb();
  const id = library.duckdb_get_type_id(pointer);
  const simple = simpleTypes[id];
  if (id === 22 && nameOfType(pointer) === zonedNanoseconds) {
    return plain(zonedNanoseconds, new TimestampNanosecond('UTC'), { kind: 'fixed', width: 8 });
  }
  if (simple) return plain(simple[0], simple[1](), { kind: 'fixed', width: simple[2] });
  switch (id) {
    case 1:
      return plain('BOOLEAN', new Bool(), { kind: 'boolean' });
    case 16:
      return { ...decimal(38, 0), cast: true };
    case 17:
      return { ...text, cast: false };
    case 18: {
      const width = widthOfFixed(nameOfType(pointer));
      if (width !== undefined) return plain('BLOB', new FixedSizeBinary(width), { kind: 'sized', width });
      return plain('BLOB', new Binary(), { kind: 'variable' });
    }
    case 19:
      return decimal(library.duckdb_decimal_width(pointer), library.duckdb_decimal_scale(pointer));
    case 24:
      return list(takeResultType(library.duckdb_list_type_child_type(pointer)));
    case 25:
      return struct(pointer);
    case 26:
      return map(pointer);
    case 27:
      return {
        ...plain('UUID', new FixedSizeBinary(16), { kind: 'fixed', width: 16 }),
        metadata: new Map([
          ['ARROW:extension:name', 'arrow.uuid'],
          ['ARROW:extension:metadata', ''],
        ]),
      };
    case 33: {
      const child = takeResultType(library.duckdb_array_type_child_type(pointer));
      const size = library.duckdb_array_type_array_size(pointer);
      const layout: Layout = { kind: 'fixedSizeList', size, child: child.layout };
      const arrow = new FixedSizeList(size, fieldOf('item', child));
      return { sql: `${child.sql}[${size}]`, cast: child.cast, known: child.known, arrow, layout };
    }
    case 36:
      return { sql: 'INTEGER', cast: true, known: true, arrow: new Int32(), layout: { kind: 'fixed', width: 4 } };
    case 40:
      return {
        sql: 'BLOB',
        cast: true,
        known: true,
        arrow: new Binary(),
        layout: { kind: 'variable' },
        metadata: new Map([
          ['ARROW:extension:name', 'geoarrow.wkb'],
          ['ARROW:extension:metadata', '{}'],
        ]),
      };
    case 41:
      return { ...text, metadata: variantJsonMetadata };
    case 0:
    case 34:
      return { ...text, known: false };
    default:
      return text;
  }
}

function plain(sql: string, arrow: DataType, layout: Layout): ResultType {
  return { sql, cast: false, known: true, arrow, layout };
}

function decimal(width: number, scale: number): ResultType {
  return plain(`DECIMAL(${width},${scale})`, new Decimal(scale, width, 128), { kind: 'fixed', width: 16 });
}

function list(child: ResultType): ResultType {
  const layout: Layout = { kind: 'list', child: child.layout };
  return {
    sql: `${child.sql}[]`,
    cast: child.cast,
    known: child.known,
    arrow: new List(fieldOf('item', child)),
    layout,
  };
}

function struct(pointer: Pointer): ResultType {
  const library = duckdb();
  const children: { name: string; type: ResultType }[] = [];
  for (let index = 0, count = library.duckdb_struct_type_child_count(pointer); index < count; index++) {
    children.push({
      name: takeText(library.duckdb_struct_type_child_name(pointer, index)),
      type: takeResultType(library.duckdb_struct_type_child_type(pointer, index)),
    });
  }
  return {
    sql: `STRUCT(${children.map(({ name, type }) => `${quoteIdentifier(name)} ${type.sql}`).join(', ')})`,
    cast: children.some(({ type }) => type.cast),
    known: children.every(({ type }) => type.known),
    arrow: new Struct(children.map(({ name, type }) => fieldOf(name, type))),
    layout: { kind: 'struct', children: children.map(({ type }) => type.layout) },
  };
}

function map(pointer: Pointer): ResultType {
  const library = duckdb();
  const key = takeResultType(library.duckdb_map_type_key_type(pointer));
  const value = takeResultType(library.duckdb_map_type_value_type(pointer));
  const entries = new Field(
    'entries',
    new Struct<{ key: DataType; value: DataType }>([fieldOf('key', key, false), fieldOf('value', value)]),
    false,
  );
  return {
    sql: `MAP(${key.sql}, ${value.sql})`,
    cast: key.cast || value.cast,
    known: key.known && value.known,
    arrow: new Map_(entries),
    layout: { kind: 'list', child: { kind: 'struct', children: [key.layout, value.layout] } },
  };
}

export function fieldOf(name: string, type: ResultType, nullable = true): Field {
  return new Field(name, type.arrow, nullable, type.metadata);
}

/** What a parameter is: its SQL type, and the Arrow type that clients are asked for. */
export interface ParameterType {
  sql: string;
  arrow: DataType;
  metadata?: Map<string, string>;
}

/** The type that was inferred for a parameter; undefined where none was, or none that values can be had of. Frees the handle. */
export function takeParameterType(pointer: Pointer): ParameterType | undefined {
  if (pointer === 0) return undefined;
  const id = duckdb().duckdb_get_type_id(pointer);
  const type = takeResultType(pointer);
  // Sums are HUGEINTs; what they are compared with is an ordinary number.
  if (id === 16) return { sql: 'HUGEINT', arrow: new Int64() };
  return type.known && !type.cast ? type : undefined;
}

export function parameterField(name: string, type: ParameterType | undefined): Field {
  return new Field(name, type?.arrow ?? new Null(), true, type?.metadata);
}
