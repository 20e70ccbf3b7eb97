import { type ErrorCode, SkuaError } from '../../../../errors.js';
import { lineAndColumn, offsetOfCharacter } from '../../../../sql/index.js';
import { duckdb, type Pointer } from './library.js';
import { Slot } from './memory.js';
import { zonedNanoseconds } from './named-types.js';

/** What DuckDB says of an error when `errors_as_json` is on. */
interface DuckDbError {
  exception_type: string;
  exception_message: string;
  /** Offset in the text of the statement: in characters for syntax errors, in bytes for all others. */
  position?: string;
}

/** Where the caller's own text lies within the statement that DuckDB saw. */
export interface SourceText {
  sql: string;
  /** Bytes that come before it. */
  prefixBytes: number;
  /** Where in it a byte is that DuckDB saw at an offset behind the prefix. Default: at the same one. */
  origin?: (offset: number) => number;
}

/** What its reader of Parquet files throws; of invalid input in general, only what is said of a file. */
const unreadable = 'Invalid';
const unreadableFile =
  /^(?:Failed to read file "|Invalid string encoding found in Parquet file|Mismatch in parquet read)/;

const codes: Record<string, ErrorCode> = {
  Parser: 'INVALID_ARGUMENT',
  Syntax: 'INVALID_ARGUMENT',
  Binder: 'INVALID_ARGUMENT',
  Catalog: 'INVALID_ARGUMENT',
  Conversion: 'INVALID_ARGUMENT',
  'Out of Range': 'INVALID_ARGUMENT',
  'Invalid Input': 'INVALID_ARGUMENT',
  'Invalid type': 'INVALID_ARGUMENT',
  'Mismatch Type': 'INVALID_ARGUMENT',
  'Divide by Zero': 'INVALID_ARGUMENT',
  Decimal: 'INVALID_ARGUMENT',
  Expression: 'INVALID_ARGUMENT',
  Constraint: 'INVALID_ARGUMENT',
  'Parameter Not Resolved': 'INVALID_ARGUMENT',
  'Parameter Not Allowed': 'INVALID_ARGUMENT',
  'Not implemented': 'UNIMPLEMENTED',
  Permission: 'PERMISSION_DENIED',
  'Out of Memory': 'RESOURCE_EXHAUSTED',
  INTERRUPT: 'CANCELLED',
  Interrupt: 'CANCELLED',
};

/** What DuckDB says of bytes that it takes apart as a variant's, whoever gave them. */
const damagedVariant = /^(?:Corrupted VARIANT|Data corruption detected, read of length_in_bytes|Can't decode Variant)/;

/** What DuckDB says where it loses the path into a variant that lies in a struct. */
const variantPath = /^Attempted to get the primary index \(numeric\) for an index that consists of a field identifier/;

/** What DuckDB says of a VARIANT beside a DECIMAL. */
const variantAsDecimal = /^Could not convert type VARIANT to a decimal/;

/** What some of its functions say that ask the system for memory themselves. */
const outOfMemory = /^Memory allocation failure/;

/** The engine failed in a way that it did not foresee: its database may be invalid from now on, or its memory damaged. */
export class BrokenEngineError extends SkuaError {}

/** One of the engine's own checks did not hold: it has an error where it meets such a statement, or such rows. */
export class FailedCheckError extends BrokenEngineError {}

/** Bytes that were taken for a variant's, of a data file or of the statement's own. */
export class DamagedVariantError extends SkuaError {}

/** What a scan says of a file's own value. */
export const NO_TIME_OF_DAY = 'a time of a data file lies outside of the day';

/** Turns DuckDB's error text into the error that the caller sees. */
export function engineError(message: string | null, source?: SourceText): SkuaError {
  const error = parse(message ?? 'unknown error');
  const ofFile = fileError(error);
  if (ofFile) return ofFile;
  const code = error.exception_message === NO_TIME_OF_DAY ? 'DATA_LOSS' : codeOf(error);
  if (code === 'DATA_LOSS') {
    return new SkuaError(code, `a data file can't be read: ${withoutPaths(readable(error.exception_message))}`);
  }
  if (code === 'CANCELLED') return new SkuaError(code, 'the query was cancelled');
  if (code === 'RESOURCE_EXHAUSTED') {
    return new SkuaError(code, 'the query needs more memory than it may use', { cause: error.exception_message });
  }
  if (damagedVariant.test(error.exception_message)) {
    return new DamagedVariantError('DATA_LOSS', `bytes that should be a variant are none: ${error.exception_message}`);
  }
  if (variantPath.test(error.exception_message)) {
    return new SkuaError(
      'UNIMPLEMENTED',
      'the SQL engine cannot follow a path through a struct into a variant across a subquery; give the variant a name in the subquery',
    );
  }
  if (variantAsDecimal.test(error.exception_message)) {
    return new SkuaError(
      'INVALID_ARGUMENT',
      'a VARIANT cannot be combined with a DECIMAL; cast it to the type that it should have',
    );
  }
  if (code === 'INTERNAL') return unforeseen(error);
  const text = withoutPaths(readable(error.exception_message)) + hint(error.exception_message);
  return new SkuaError(code, text + position(error, source));
}

function unforeseen({ exception_type: type, exception_message: message }: DuckDbError): BrokenEngineError {
  const text = withoutPaths(message);
  if (outOfMemory.test(message)) {
    return new BrokenEngineError('RESOURCE_EXHAUSTED', 'the query needs more memory than there is', { cause: text });
  }
  const failed = `the SQL engine failed: ${text}`;
  if (type !== 'INTERNAL' || damagedMemory.test(message)) return new BrokenEngineError('INTERNAL', failed);
  return new FailedCheckError('INTERNAL', failed, { cause: text });
}

/** What DuckDB says where it comes upon a number that it would never have written itself: its memory is damaged. */
const damagedMemory = /^Enum value: unrecognized enum value/;

function codeOf({ exception_type: type, exception_message: message }: DuckDbError): ErrorCode {
  if (damagedMemory.test(message)) return 'INTERNAL';
  if (type === unreadable || (type === 'Invalid Input' && unreadableFile.test(message))) return 'DATA_LOSS';
  return codes[type] ?? 'INTERNAL';
}

/** A value in a file that is none of its column's type, and a local copy that somebody removed: no fault of the statement's or the engine's. */
function fileError({ exception_message: message }: DuckDbError): SkuaError | undefined {
  const cast = failedCast.exec(message);
  if (cast) {
    const [, file = '', column, own, type, reason] = cast;
    return new SkuaError(
      'DATA_LOSS',
      `${withoutPaths(file)} has values of the type ${own} in the column "${column}", which are no ${type}: ${reason}`,
    );
  }
  const missing = missingFile.exec(message)?.groups;
  const gone = missing?.glob ?? missing?.file;
  if (gone === undefined) return undefined;
  return new SkuaError('DATA_LOSS', `the local copy ${withoutPaths(gone)} is gone; run the statement again`);
}

const failedCast =
  /^Error while reading file "(.*?)": failed to cast column "(.*?)" from type (.+?) to (.+?): (?:: )?(.*?)\s*(?:In file .*)?$/s;
const missingFile =
  /^(?:No files found that match the pattern "(?<glob>.*?)"|Cannot open file "(?<file>.*?)": No such file)/;

/** What to do where a function is wanted that could not be exact. */
function hint(message: string): string {
  if (!message.includes(zonedNanoseconds)) return '';
  if (/^No function matches/.test(message)) {
    return ` Cast ${zonedNanoseconds} to TIMESTAMPTZ, which cuts it to microseconds.`;
  }
  return /^Unimplemented type for cast/.test(message) ? `; cast to VARCHAR in between if the time is one in UTC` : '';
}

function parse(message: string): DuckDbError {
  const brace = message.indexOf('{"exception_type"');
  if (brace >= 0) {
    try {
      return JSON.parse(message.slice(brace)) as DuckDbError;
    } catch {
      // Not an object after all: read as plain text below.
    }
  }
  const plain = /^(?<type>[A-Za-z][A-Za-z ]*?) Error: (?<text>[\s\S]*)$/.exec(message);
  return { exception_type: plain?.groups?.type ?? 'Unknown', exception_message: plain?.groups?.text ?? message };
}

/** One sentence: what is wrong, with DuckDB's suggestion, without its excerpt of the text. */
function readable(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^LINE \d+:/.test(line) && !/^\^+$/.test(line))
    .map((line) => line.replace(/ Use "SET max_expression_depth TO x".*$/, ''))
    .map((line) => line.replace(/^Candidate bindings: (?:: )?/, 'Did you mean '))
    .join(' ');
}

/** A machine's folders are nobody's business. */
function withoutPaths(message: string): string {
  return message.replace(/(?<![\w:/])\/(?:[^\s"':,/]+\/)+(?<file>[^\s"':,/]*)/g, '…/$<file>');
}

function position(error: DuckDbError, source: SourceText | undefined): string {
  if (source === undefined || error.position === undefined) return '';
  const seen = Number(error.position) - source.prefixBytes;
  const offset = source.origin?.(seen) ?? seen;
  const bytes = Buffer.from(source.sql);
  if (!(offset >= 0 && offset <= bytes.length)) return '';
  const syntax = error.exception_type === 'Parser' || error.exception_type === 'Syntax';
  const characters = syntax ? offsetOfCharacter(source.sql, offset) : bytes.subarray(0, offset).toString().length;
  return `, ${lineAndColumn(source.sql, characters)}`;
}

/** Throws if a call gave back error data, and frees it. */
export function throwErrorData(errorData: Pointer, source?: SourceText): void {
  if (errorData === 0) return;
  const message = duckdb().duckdb_error_data_message(errorData);
  duckdb().duckdb_destroy_error_data(Slot.holding(errorData).memory);
  if (message) throw engineError(message, source);
}
