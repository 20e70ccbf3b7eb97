/** The types of `{fn CONVERT(value, SQL_INTEGER)}` (ODBC Programmer's Reference, appendix E; JDBC leaves out the `SQL_`). */
const TYPES: Record<string, string> = {
  BIGINT: 'BIGINT',
  BINARY: 'BLOB',
  BIT: 'BOOLEAN',
  BLOB: 'BLOB',
  BOOLEAN: 'BOOLEAN',
  CHAR: 'VARCHAR',
  CLOB: 'VARCHAR',
  DATE: 'DATE',
  DECIMAL: 'DECIMAL',
  DOUBLE: 'DOUBLE',
  FLOAT: 'DOUBLE',
  GUID: 'UUID',
  INTEGER: 'INTEGER',
  LONGNVARCHAR: 'VARCHAR',
  LONGVARBINARY: 'BLOB',
  LONGVARCHAR: 'VARCHAR',
  NCHAR: 'VARCHAR',
  NCLOB: 'VARCHAR',
  NUMERIC: 'DECIMAL',
  NVARCHAR: 'VARCHAR',
  REAL: 'REAL',
  SMALLINT: 'SMALLINT',
  TIME: 'TIME',
  TIMESTAMP: 'TIMESTAMP',
  TIMESTAMP_WITH_TIMEZONE: 'TIMESTAMPTZ',
  TINYINT: 'TINYINT',
  TYPE_DATE: 'DATE',
  TYPE_TIME: 'TIME',
  TYPE_TIMESTAMP: 'TIMESTAMP',
  VARBINARY: 'BLOB',
  VARCHAR: 'VARCHAR',
  WCHAR: 'VARCHAR',
  WLONGVARCHAR: 'VARCHAR',
  WVARCHAR: 'VARCHAR',
};

const FIELDS = '(?:YEAR|MONTH|DAY|HOUR|MINUTE|SECOND)';
const INTERVAL = new RegExp(`^INTERVAL_${FIELDS}(?:_TO_${FIELDS})?$`);

/** Types whose length or precision may be written. */
export const SIZED = new Set(['DECIMAL', 'VARCHAR', 'BLOB']);

/** The engine's type for a keyword, in upper case; undefined where it is none. */
export function typeNamed(keyword: string): string | undefined {
  const name = keyword.replace(/^SQL_/, '');
  if (INTERVAL.test(name)) return 'INTERVAL';
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
}

/** The field of an interval type that has one alone: what a number is converted to. */
export function singleField(keyword: string): string | undefined {
  return new RegExp(`^(?:SQL_)?INTERVAL_(${FIELDS})$`).exec(keyword)?.[1]?.toLowerCase();
}
