/** GetXdbcTypeInfo: every type that a result can have, by its SQL name, with the numbers of the enum XdbcDataType. */
import type { Row } from './flight-sql.js';

interface XdbcType {
  name: string;
  dataType: number;
  /** Digits, characters or bytes. */
  size?: number;
  /** Puts around a literal; its own name before a quoted literal, as `DATE '…'`. */
  quote?: { prefix: string; suffix: string };
  parameters?: string[];
  caseSensitive?: boolean;
  searchable?: number;
  unsigned?: boolean;
  exact?: boolean;
  scale?: [number, number];
  radix?: 2 | 10;
  sqlDataType?: number;
  subcode?: number;
}

const FULL = 3;
const BASIC = 2;
const NONE = 0;

const quoted = (keyword = '') => ({ prefix: keyword === '' ? "'" : `${keyword} '`, suffix: "'" });
const LONGEST = 2_147_483_647;
const DATETIME = 9;
const INTERVAL = 10;

const TYPES: readonly XdbcType[] = [
  { name: 'BOOLEAN', dataType: -7, size: 1 },
  integer('TINYINT', -6, 3),
  integer('SMALLINT', 5, 5),
  integer('INTEGER', 4, 10),
  integer('BIGINT', -5, 19),
  { ...integer('UTINYINT', -6, 3), unsigned: true },
  { ...integer('USMALLINT', 5, 5), unsigned: true },
  { ...integer('UINTEGER', 4, 10), unsigned: true },
  { ...integer('UBIGINT', -5, 20), unsigned: true },
  { name: 'FLOAT', dataType: 7, size: 24, radix: 2, unsigned: false },
  { name: 'DOUBLE', dataType: 8, size: 53, radix: 2, unsigned: false },
  {
    name: 'DECIMAL',
    dataType: 3,
    size: 38,
    parameters: ['precision', 'scale'],
    exact: true,
    scale: [0, 38],
    radix: 10,
    unsigned: false,
  },
  {
    name: 'VARCHAR',
    dataType: 12,
    size: LONGEST,
    quote: quoted(),
    parameters: ['length'],
    caseSensitive: true,
  },
  { name: 'BLOB', dataType: -3, size: LONGEST, quote: quoted(), searchable: BASIC },
  { name: 'FIXED', dataType: -2, size: LONGEST, quote: quoted(), parameters: ['length'], searchable: BASIC },
  { name: 'UUID', dataType: -2, size: 16, quote: quoted('UUID'), searchable: BASIC },
  { name: 'DATE', dataType: 91, size: 10, quote: quoted('DATE'), sqlDataType: DATETIME, subcode: 1 },
  { name: 'TIME', dataType: 92, size: 15, quote: quoted('TIME'), scale: [6, 6], sqlDataType: DATETIME, subcode: 2 },
  timestamp('TIMESTAMP', 26, 6, 3),
  timestamp('TIMESTAMP_NS', 29, 9, 3),
  timestamp('TIMESTAMP WITH TIME ZONE', 32, 6, 5),
  timestamp('TIMESTAMPTZ_NS', 35, 9, 5),
  { name: 'INTERVAL', dataType: 10, size: 64, quote: quoted('INTERVAL'), sqlDataType: INTERVAL },
  nested('LIST'),
  nested('STRUCT'),
  nested('MAP'),
];

function integer(name: string, dataType: number, size: number): XdbcType {
  return { name, dataType, size, exact: true, scale: [0, 0], radix: 10, unsigned: false };
}

function timestamp(name: string, size: number, digits: number, subcode: number): XdbcType {
  const quote = quoted(name === 'TIMESTAMP WITH TIME ZONE' ? 'TIMESTAMPTZ' : name);
  return { name, dataType: 93, size, quote, scale: [digits, digits], sqlDataType: DATETIME, subcode };
}

function nested(name: string): XdbcType {
  return { name, dataType: 0, searchable: NONE };
}

/** The rows of GetXdbcTypeInfo, sorted by data type; with `dataType` those of that type only. */
export function xdbcTypeRows(dataType?: number | null): Row[] {
  return TYPES.filter((type) => dataType === undefined || dataType === null || type.dataType === dataType)
    .toSorted((a, b) => a.dataType - b.dataType)
    .map((type) => [
      type.name,
      type.dataType,
      type.size ?? null,
      type.quote?.prefix ?? null,
      type.quote?.suffix ?? null,
      type.parameters ?? null,
      1,
      type.caseSensitive ?? false,
      type.searchable ?? FULL,
      type.unsigned ?? null,
      type.exact ?? false,
      type.radix === undefined ? null : false,
      type.name,
      type.scale?.[0] ?? null,
      type.scale?.[1] ?? null,
      type.sqlDataType ?? type.dataType,
      type.subcode ?? null,
      type.radix ?? null,
      null,
    ]);
}
