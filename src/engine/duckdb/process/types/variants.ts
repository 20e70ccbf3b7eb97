/** Variants between the engine's own type, the two byte strings that Parquet and Arrow have for them, and JSON text. */
import { DataType, Field, type Struct } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import { isVariant } from './sql-type.js';

/** A variant's metadata and value (Parquet format, "Variant Binary Encoding"). */
export const variantBytesType = 'STRUCT(metadata BLOB, "value" BLOB)';

/**
 * A variant as a struct of its bytes, the fields of objects in the order of their names, which the engine keeps in none. Its null is that of the
 * field; where there can be none, the bytes of the variant null.
 */
export function variantBytesSql({ nullable }: Pick<Field, 'nullable'>, value: string): string {
  const bytes = `CAST(variant_to_parquet_variant(variant_normalize(${ofItsRow(value)})) AS ${variantBytesType})`;
  return nullable ? `CASE WHEN ${value} IS NULL THEN NULL ELSE ${bytes} END` : bytes;
}

/**
 * The value, which the engine can't know to be the same in many rows: where it keeps one for all of them, `variant_normalize` writes beyond
 * the memory that it has for its answers.
 */
function ofItsRow(value: string): string {
  return `list_extract([${value}], 1 + CAST(random() > 2 AS INTEGER))`;
}

/** The variant that a struct of metadata and value holds. */
export function variantOfBytesSql(value: string): string {
  const parts = ['metadata', 'value'].map((name) => `struct_extract(${value}, '${name}')`);
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE variant_bytes_to_variant(${parts.join(' || ')}) END`;
}

/** The struct of bytes as a field of its own, without being called a variant. A shredded one: UNIMPLEMENTED. */
export function variantBytesField({ name, type, nullable }: Field): Field {
  const parts = (type.children as Field[]).map((child) => child.name).sort();
  if (parts.join() === 'metadata,value') return new Field(name, type, nullable);
  throw new SkuaError(
    'UNIMPLEMENTED',
    `variants are taken in as metadata and value; ${name} is of ${parts.join(', ')}`,
  );
}

/** What the fields of variants say in results, where they are JSON text. */
export const variantJsonMetadata = new Map([
  ['ARROW:extension:name', 'arrow.json'],
  ['ARROW:extension:metadata', ''],
  ['ARROW:FLIGHT:SQL:TYPE_NAME', 'VARIANT'],
]);

/** Whether a result's field is a variant as JSON text. */
export function isVariantJson({ type, metadata }: Field): boolean {
  return DataType.isUtf8(type) && metadata.get('ARROW:FLIGHT:SQL:TYPE_NAME') === 'VARIANT';
}

/** Characters that are in no JSON text as themselves: around what becomes a string, and in front of what may lack a zero. */
const quoteMark = 'chr(1)';
const zeroMark = 'chr(2)';

/**
 * A variant as JSON text; null for the variant null. The engine's own text may have NaN and infinities, which become strings, and decimals
 * without a digit in front of the point.
 */
export function variantJsonSql(value: string): string {
  const tokens = String.raw`("(?:[^"\\]|\\.)*"|\d[\d.eE+-]*)|(-?Infinity|NaN)|(\.\d+)`;
  const replaced = [String.raw`'\1'`, quoteMark, String.raw`'\2'`, quoteMark, zeroMark, String.raw`'\3'`].join(' || ');
  const marked = `regexp_replace(t, '${tokens}', ${replaced}, 'g')`;
  const strict = [
    [`${zeroMark} || '.'`, `'0.'`],
    [zeroMark, `''`],
    [`${quoteMark} || ${quoteMark}`, `''`],
    [quoteMark, `'"'`],
  ].reduce((sql, [from, to]) => `replace(${sql}, ${from}, ${to})`, marked);
  const isLoose = String.raw`regexp_matches(t, 'NaN|Infinity|(^|[:,\[-])\.')`;
  const text = `CAST(CAST(${value} AS JSON) AS VARCHAR)`;
  const json = `list_transform([${text}], lambda t: CASE WHEN ${isLoose} THEN ${strict} ELSE t END)[1]`;
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE ${json} END`;
}

/**
 * Whether a struct of bytes holds a date or a time that is infinite. Bytes that look so are looked for first: the type's byte, then the
 * largest or smallest number of its length. What does is printed.
 */
export function holdsInfinitySql(bytes: string): string {
  const text = `CAST(struct_extract(${bytes}, 'value') AS VARCHAR)`;
  const [most, least] = ['\\xFF', '\\x00'].map((byte) => (count: number) => byte.repeat(count));
  const ends = (width: number) => `(${most?.(width - 1)}\\x7F|\\x01${least?.(width - 2)}\\x80)`;
  const pattern = `,${ends(4)}|[04HL]${ends(8)}`.replaceAll('\\', '\\\\');
  return `(regexp_matches(${text}, '${pattern}') AND contains(CAST(${variantOfBytesSql(bytes)} AS VARCHAR), 'infinity'))`;
}

/** Whether a struct of bytes holds the variant null. */
export function isVariantNullSql(bytes: string): string {
  return `struct_extract(${bytes}, 'value') = '\\x00'::BLOB`;
}

/**
 * A column as the engine can read it: where it looks for a path into a variant inside a struct, DuckDB fails to take the path to the struct's
 * source, unless that is no plain column.
 */
export function traversableSql(field: Field, column: string): string {
  const { type } = field;
  return !isVariant(field) && DataType.isStruct(type) && holdsVariant(type) ? `coalesce(${column}, NULL)` : column;
}

function holdsVariant({ children }: Struct): boolean {
  return children.some((child) => isVariant(child) || (DataType.isStruct(child.type) && holdsVariant(child.type)));
}
