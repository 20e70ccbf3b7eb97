/** Column types as SQL writes them, to and from Iceberg types. */
import { SkuaError } from '../errors.js';
import { partsOf } from './evolution/tree.js';
import { defaultCrs } from './schema.js';
import type { NestedField, PrimitiveType, Type } from './types.js';

const names: Record<string, PrimitiveType> = {
  BOOLEAN: 'boolean',
  BOOL: 'boolean',
  LOGICAL: 'boolean',
  TINYINT: 'int',
  SMALLINT: 'int',
  INT: 'int',
  INTEGER: 'int',
  INT1: 'int',
  INT2: 'int',
  INT4: 'int',
  SHORT: 'int',
  BIGINT: 'long',
  LONG: 'long',
  INT8: 'long',
  FLOAT: 'float',
  REAL: 'float',
  FLOAT4: 'float',
  DOUBLE: 'double',
  'DOUBLE PRECISION': 'double',
  FLOAT8: 'double',
  DATE: 'date',
  TIME: 'time',
  'TIME WITHOUT TIME ZONE': 'time',
  DATETIME: 'timestamp',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_NTZ: 'timestamp',
  'TIMESTAMP WITHOUT TIME ZONE': 'timestamp',
  TIMESTAMPTZ: 'timestamptz',
  TIMESTAMP_LTZ: 'timestamptz',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'timestamptz',
  TIMESTAMP_NS: 'timestamp_ns',
  TIMESTAMPTZ_NS: 'timestamptz_ns',
  VARCHAR: 'string',
  'CHARACTER VARYING': 'string',
  STRING: 'string',
  TEXT: 'string',
  CHAR: 'string',
  CHARACTER: 'string',
  BPCHAR: 'string',
  UUID: 'uuid',
  BINARY: 'binary',
  'BINARY VARYING': 'binary',
  VARBINARY: 'binary',
  BLOB: 'binary',
  BYTEA: 'binary',
  VARIANT: 'variant',
};

const allowed =
  'BOOLEAN, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p, s), DATE, TIME, TIMESTAMP, TIMESTAMPTZ, TIMESTAMP_NS, VARCHAR, UUID, BINARY, ' +
  'FIXED(n), GEOMETRY, GEOGRAPHY, VARIANT, "NULL", STRUCT(name type, …), LIST(type) or type[], MAP(key, value)';

/** Types that no column of Iceberg can have, and what to write instead. */
const refused: Record<string, string> = {
  UTINYINT: 'INT',
  UINT8: 'INT',
  USMALLINT: 'INT',
  UINT16: 'INT',
  UINTEGER: 'BIGINT',
  UINT32: 'BIGINT',
  UBIGINT: 'DECIMAL(20, 0)',
  UINT64: 'DECIMAL(20, 0)',
  UHUGEINT: 'DECIMAL(38, 0)',
  UINT128: 'DECIMAL(38, 0)',
  TIMESTAMP_S: 'TIMESTAMP',
  TIMESTAMP_MS: 'TIMESTAMP',
  TIMETZ: 'TIME',
  'TIME WITH TIME ZONE': 'TIME',
  TIME_NS: 'TIME',
  JSON: 'VARCHAR, or VARIANT in tables of format version 3',
  INTERVAL: 'VARCHAR',
  ENUM: 'VARCHAR',
  BIT: 'VARCHAR',
  BITSTRING: 'VARCHAR',
  UNION: 'a STRUCT with a field for each member',
};

/** Names of integers that a column holds more than. */
const SMALL_INTEGERS = new Set(['TINYINT', 'SMALLINT', 'INT1', 'INT2', 'SHORT']);

const defaultDecimal: Type = { kind: 'decimal', precision: 18, scale: 3 };

/**
 * The Iceberg type of a column type in SQL, with all field ids 0 (`assignFieldIds` gives them). Case does not matter; both `<…>` and `(…)`
 * enclose nested types. Anything else: INVALID_ARGUMENT naming the type and what is allowed; `exact`, also what a column would hold more than, such
 * as SMALLINT, `VARCHAR(10)` or `TIMESTAMP(3)`.
 */
export function sqlTypeToIceberg(text: string, { exact = false } = {}): Type {
  const parser = new TypeParser(text, exact);
  const type = parser.type();
  parser.end();
  if (partsOf(type).some(holdsUnknown)) {
    throw new SkuaError(
      'UNIMPLEMENTED',
      `"NULL" inside of ${text.trim()} is not supported; leave the field out until its type is known`,
    );
  }
  return type;
}

function holdsUnknown({ type }: NestedField): boolean {
  return (type.kind === 'primitive' && type.type === 'unknown') || partsOf(type).some(holdsUnknown);
}

class TypeParser {
  readonly #text: string;
  readonly #tokens: string[];
  readonly #exact: boolean;
  #position = 0;

  constructor(text: string, exact: boolean) {
    this.#text = text;
    this.#exact = exact;
    this.#tokens = text.match(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|[\p{L}_][\p{L}\p{N}_$]*|\d+|[^\s]/gu) ?? [];
  }

  type(): Type {
    let type = this.#base();
    while (this.#take('[')) {
      if (/^\d+$/.test(this.#peek() ?? '')) {
        throw new SkuaError(
          'INVALID_ARGUMENT',
          `Iceberg has no arrays of a fixed length, such as ${this.#text.trim()}; write type[]`,
        );
      }
      this.#expect(']');
      type = listOf(type, false);
    }
    return type;
  }

  end(): void {
    if (this.#position < this.#tokens.length) throw this.#unknown();
  }

  #base(): Type {
    const word = this.#next().toUpperCase();
    switch (word) {
      case 'STRUCT':
      case 'ROW':
        return { kind: 'struct', fields: this.#structFields() };
      case 'ARRAY':
      case 'LIST': {
        const close = this.#open();
        const element = this.type();
        const required = this.#notNull();
        this.#expect(close);
        return listOf(element, required);
      }
      case 'MAP': {
        const close = this.#open();
        const key = this.type();
        this.#notNull();
        this.#expect(',');
        const value = this.type();
        const valueRequired = this.#notNull();
        this.#expect(close);
        return { kind: 'map', keyId: 0, key, valueId: 0, valueRequired, value };
      }
      case 'DECIMAL':
      case 'NUMERIC':
      case 'DEC':
        return this.#decimal();
      case 'HUGEINT':
      case 'INT128':
        return { kind: 'decimal', precision: 38, scale: 0 };
      case 'GEOMETRY':
        return { kind: 'geometry', crs: this.#texts(1)[0] ?? defaultCrs };
      case 'GEOGRAPHY': {
        const [crs = defaultCrs, algorithm = 'spherical'] = this.#texts(2);
        return { kind: 'geography', crs, algorithm: algorithm.toLowerCase() };
      }
      case '"NULL"':
        return primitive('unknown');
      case 'FIXED':
        return { kind: 'fixed', length: this.#length() ?? this.#fail() };
      default:
        return this.#named(word);
    }
  }

  #named(first: string): Type {
    let name = first;
    const argument = this.#length();
    while (/^(PRECISION|VARYING|WITH|WITHOUT|LOCAL|TIME|ZONE)$/i.test(this.#peek() ?? '')) {
      name += ` ${this.#next().toUpperCase()}`;
    }
    const length = argument ?? this.#length();
    if (name === 'BINARY' && length !== undefined) return { kind: 'fixed', length };
    if (name === 'FLOAT' && length !== undefined) return primitive(length > 24 ? 'double' : 'float');
    const type = Object.hasOwn(names, name) ? names[name] : undefined;
    if (type === undefined) {
      const instead = Object.hasOwn(refused, name) ? refused[name] : undefined;
      if (instead === undefined) throw this.#unknown();
      throw new SkuaError('INVALID_ARGUMENT', `${name} is no type of Iceberg; write ${instead}`);
    }
    if (this.#exact) this.#refuseNarrower(type, name, length);
    const nanoseconds = length !== undefined && length > 6;
    if (type === 'timestamp' && nanoseconds) return primitive('timestamp_ns');
    if (type === 'timestamptz' && nanoseconds) return primitive('timestamptz_ns');
    return primitive(type);
  }

  #refuseNarrower(type: PrimitiveType, name: string, length: number | undefined): void {
    const isShorter =
      length !== undefined && (type === 'string' || type === 'binary' || (type.startsWith('time') && length < 6));
    if (!SMALL_INTEGERS.has(name) && !isShorter) return;
    const wide = typeToSql(primitive(type));
    const narrow = length === undefined ? name : `${name}(${length})`;
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `Columns of an Iceberg table can't be as narrow as ${narrow}; write ${wide}`,
    );
  }

  #decimal(): Type {
    if (!this.#take('(')) return defaultDecimal;
    const precision = this.#number();
    const scale = this.#take(',') ? this.#number() : 0;
    this.#expect(')');
    if (precision < 1 || precision > 38 || scale > precision) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `DECIMAL(${precision}, ${scale}) is out of range: at most 38 digits, and no more of them after the point`,
      );
    }
    return { kind: 'decimal', precision, scale };
  }

  #structFields(): NestedField[] {
    const close = this.#open();
    const fields: NestedField[] = [];
    do {
      const name = unquote(this.#next());
      this.#take(':');
      const type = this.type();
      fields.push({ id: 0, name, required: this.#notNull(), type });
    } while (this.#take(','));
    this.#expect(close);
    return fields;
  }

  /** `('text', …)`, at most so many, where there are any. */
  #texts(most: number): string[] {
    if (!this.#take('(')) return [];
    const texts: string[] = [];
    do {
      const token = this.#next();
      texts.push(/^'/.test(token) ? token.slice(1, -1).replaceAll("''", "'") : unquote(token));
    } while (texts.length < most && this.#take(','));
    this.#expect(')');
    return texts;
  }

  #open(): string {
    if (this.#take('<')) return '>';
    this.#expect('(');
    return ')';
  }

  #notNull(): boolean {
    if (this.#peek()?.toUpperCase() !== 'NOT') return false;
    this.#next();
    this.#expect('NULL');
    return true;
  }

  #length(): number | undefined {
    if (!this.#take('(')) return undefined;
    const value = this.#number();
    this.#expect(')');
    return value;
  }

  #number(): number {
    const token = this.#next();
    if (!/^\d+$/.test(token)) throw this.#unknown();
    return Number(token);
  }

  #peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  #next(): string {
    return this.#tokens[this.#position++] ?? this.#fail();
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#position++;
    return true;
  }

  #expect(token: string): void {
    if (this.#peek()?.toUpperCase() !== token) throw this.#unknown();
    this.#position++;
  }

  #fail(): never {
    throw this.#unknown();
  }

  #unknown(): SkuaError {
    return new SkuaError('INVALID_ARGUMENT', `Unknown column type "${this.#text.trim()}"; allowed are ${allowed}`);
  }
}

function primitive(type: PrimitiveType): Type {
  return { kind: 'primitive', type };
}

function listOf(element: Type, elementRequired: boolean): Type {
  return { kind: 'list', elementId: 0, elementRequired, element };
}

function unquote(name: string): string {
  const quote = name[0];
  if (quote !== '"' && quote !== '`') return name;
  return name.slice(1, -1).replaceAll(quote + quote, quote);
}

const sqlNames: Partial<Record<PrimitiveType, string>> = {
  unknown: '"NULL"',
  int: 'INTEGER',
  long: 'BIGINT',
  string: 'VARCHAR',
};

/** The SQL name of a type, as `sqlTypeToIceberg` takes it. */
export function typeToSql(type: Type): string {
  switch (type.kind) {
    case 'primitive':
      return sqlNames[type.type] ?? type.type.toUpperCase();
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'fixed':
      return `FIXED(${type.length})`;
    case 'geometry':
      return type.crs === defaultCrs ? 'GEOMETRY' : `GEOMETRY(${quoteText(type.crs)})`;
    case 'geography': {
      if (type.algorithm !== 'spherical') return `GEOGRAPHY(${quoteText(type.crs)}, ${quoteText(type.algorithm)})`;
      return type.crs === defaultCrs ? 'GEOGRAPHY' : `GEOGRAPHY(${quoteText(type.crs)})`;
    }
    case 'struct':
      return `STRUCT(${type.fields.map((field) => `${quoteIfNeeded(field.name)} ${typeToSql(field.type)}${field.required ? ' NOT NULL' : ''}`).join(', ')})`;
    case 'list':
      return `${typeToSql(type.element)}[]`;
    case 'map':
      return `MAP(${typeToSql(type.key)}, ${typeToSql(type.value)})`;
  }
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
