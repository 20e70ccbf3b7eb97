/**
 * The types of a statement, decided once: what each parameter is cast to, and with that the columns of the result. Whoever runs the statement
 * with the same values uses the same types.
 */
import { Schema } from 'apache-arrow';
import { SkuaError } from '../../../../errors.js';
import type { TableColumn } from '../../../../expressions/index.js';
import type { BoundParameters, DescribeOptions } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { quoteIdentifier } from '../native/text.js';
import { countParameters, type ParameterTypes, replaceParameters, typedText } from '../parsing/parameter-types.js';
import { type ParameterType, parameterField } from '../results/result-type.js';
import { type ResultColumn, StreamingResult } from '../results/stream.js';
import { attachEmpty } from '../scans/attach.js';
import { bindParameters, ownType } from '../types/parameters.js';
import { sqlTypeOf } from '../types/sql-type.js';
import { declaredTypes } from './declared.js';
import { BoundValues } from './lossless.js';
import { isSettled, prepared, preparedIfPossible } from './prepared.js';

export interface StatementTypes {
  columns: ResultColumn[];
  parameters: Schema;
  types: ParameterTypes;
}

/** The connection has the statement's tables, empty, and is used up. */
export async function statementTypes(
  connection: Connection,
  sql: string,
  { bound, into }: DescribeOptions,
): Promise<StatementTypes> {
  const { names, types: inferred, columns, alone, failure } = await inferredTypes(connection, sql, into);
  if (names.length === 0) return { columns, parameters: new Schema([]), types: [] };
  if (bound) {
    checkCount(names.length, bound);
    const given = { ...bound, exact: [...(bound.exact ?? []), ...alone] };
    const types = await boundTypes(connection, sql, inferred, given).catch((error) => {
      throw failure ?? error;
    });
    const settled = await columnsWith(connection, sql, types, bound);
    return { columns: settled ?? columns, parameters: bound.schema, types };
  }
  const declared = await declaredTypes(connection, sql, inferred);
  const types = declared.map(({ sql: type }) => type);
  const described = await columnsWith(connection, sql, types).catch(() => {
    if (failure) throw failure;
  });
  return {
    columns: described ?? columns,
    parameters: new Schema(names.map((name, index) => parameterField(name, declared[index]))),
    types,
  };
}

function checkCount(wanted: number, { schema }: BoundParameters): void {
  const given = schema.fields.length;
  if (given === wanted) return;
  throw new SkuaError('INVALID_ARGUMENT', `The statement has ${wanted} parameters, but ${given} are bound`);
}

interface Inferred {
  names: string[];
  types: (ParameterType | undefined)[];
  columns: ResultColumn[];
  /** Numbers of the parameters whose values go to a column as they are. */
  alone: number[];
  /** Why the statement means nothing with what the engine infers. With other types it may. */
  failure?: SkuaError;
}

/** Errors that other types of parameters may mend. */
const typeFailure = /^(?:No function matches|Could not choose|Cannot (?:mix|compare|combine))/;

const TARGET = 'insert target';

/** What the engine infers, also from the columns that the rows go to. */
async function inferredTypes(
  connection: Connection,
  sql: string,
  into: readonly TableColumn[] | undefined,
): Promise<Inferred> {
  const own = await prepared(connection, typedText(sql, undefined)).catch((error) => wrongTypes(sql, error));
  if ('failure' in own) return own;
  const { names, columns } = own;
  if (!into || names.length === 0) return { names, types: own.types, columns, alone: [] };
  await attachEmpty(connection, [{ name: TARGET, columns: [...into] }]);
  const targets = into.map(({ field }) => quoteIdentifier(field.name)).join(', ');
  const inserted = await prepared(
    connection,
    typedText(sql, undefined, `INSERT INTO ${quoteIdentifier(TARGET)} (${targets}) `),
  );
  const types = [...inserted.types];
  const alone: number[] = [];
  for (const index of types.keys()) {
    if (own.types[index] || index >= MOST_FOLLOWED) continue;
    const target = await targetOf(connection, sql, types, index, into);
    if (!target) continue;
    types[index] ??= { sql: sqlTypeOf(target.field), arrow: target.field.type, metadata: target.field.metadata };
    alone.push(index + 1);
  }
  return { names, types, columns, alone };
}

function wrongTypes(sql: string, error: unknown): Inferred {
  const count = error instanceof SkuaError && typeFailure.test(error.message) ? countParameters(sql) : 0;
  if (count === 0) throw error;
  return {
    names: Array.from({ length: count }, (_, index) => String(index + 1)),
    types: Array.from({ length: count }, () => undefined),
    columns: [],
    alone: [],
    failure: error as SkuaError,
  };
}

/** Each parameter takes a look at the statement. */
const MOST_FOLLOWED = 64;

/** A type that no value has but the parameter's. */
const FOLLOWED = 'STRUCT("skua parameter" BOOLEAN)';

/** The column that the values of a parameter go to as they are. */
async function targetOf(
  connection: Connection,
  sql: string,
  types: readonly (ParameterType | undefined)[],
  index: number,
  into: readonly TableColumn[],
): Promise<TableColumn | undefined> {
  const text = replaceParameters(sql, (parameter) => {
    if (parameter === index + 1) return `CAST(NULL AS ${FOLLOWED})`;
    const type = types[parameter - 1];
    return type ? `CAST(NULL AS ${type.sql})` : 'NULL';
  });
  const found = await preparedIfPossible(connection, text);
  const place = found?.columns.findIndex(({ type }) => type.sql === FOLLOWED) ?? -1;
  return place < 0 ? undefined : into[place];
}

/**
 * What the values are cast to: the type that the statement wants where no value is lost by it, and otherwise their own. Values that the
 * statement can do nothing with: INVALID_ARGUMENT naming the parameter.
 */
async function boundTypes(
  connection: Connection,
  sql: string,
  inferred: readonly (ParameterType | undefined)[],
  bound: BoundParameters,
): Promise<string[]> {
  const values = new BoundValues(connection, bound);
  const { fields } = bound.schema;
  const own = fields.map(ownType);
  const types: (string | undefined)[] = [];
  /** By index, what does not take the values that are bound. */
  const refusing = new Map<number, string>();
  for (const [index, type] of own.entries()) {
    const wanted = inferred[index]?.sql;
    const isKept = wanted !== undefined && (await values.keep(index, wanted));
    const isExact = type === 'VARCHAR' || bound.exact?.includes(index + 1);
    types.push(isKept && (isExact || isOfKind(type, wanted)) ? wanted : type);
    if (wanted === undefined || isKept) continue;
    if (isExact) throw refusal(index, wanted, type);
    refusing.set(index, wanted);
  }
  const isComplete = types.every((type) => type !== undefined);
  const failure = isComplete ? await failureOf(connection, sql, types) : undefined;
  if (isComplete && !failure) return types as string[];
  const declared = await declaredTypes(connection, sql, inferred);
  for (const [index, { sql: wanted }] of declared.entries()) {
    if (types[index] === undefined) types[index] = wanted;
    if (!failure || refusing.has(index)) continue;
    if (await values.keep(index, wanted)) types[index] = wanted;
    else refusing.set(index, wanted);
  }
  const last = await failureOf(connection, sql, types);
  if (!last) return types as string[];
  for (const [index, wanted] of refusing) throw refusal(index, wanted, own[index]);
  throw failure ?? last;
}

/** Values become what the statement wants where that is text, or of their own kind; what else they might be, the engine knows better. */
function isOfKind(own: string | undefined, wanted: string): boolean {
  return own === undefined || wanted === 'VARCHAR' || kindOf(own) === kindOf(wanted);
}

const kinds: [RegExp, string][] = [
  [/^(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))$/, 'number'],
  [/^(?:DATE|TIMESTAMP(?:_S|_MS|_NS)?)$/, 'clock'],
  [/^(?:TIMESTAMPTZ|timestamptz_ns)$/, 'moment'],
  [/^TIME(?:_NS)?$/, 'time'],
  [/[\])]$/, 'nested'],
];

function kindOf(type: string): string {
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? type;
}

async function failureOf(connection: Connection, sql: string, types: ParameterTypes): Promise<SkuaError | undefined> {
  try {
    await prepared(connection, typedText(sql, types));
    return undefined;
  } catch (error) {
    if (error instanceof SkuaError && ['INVALID_ARGUMENT', 'UNIMPLEMENTED'].includes(error.code)) return error;
    throw error;
  }
}

function refusal(index: number, wanted: string, own: string | undefined): SkuaError {
  return new SkuaError(
    'INVALID_ARGUMENT',
    `parameter ${index + 1} is of the type ${wanted}, and a ${own} that is bound to it cannot be cast to that without loss`,
  );
}

/** The columns of the result; undefined where nothing short of values says what they are. */
async function columnsWith(
  connection: Connection,
  sql: string,
  types: ParameterTypes,
  bound?: BoundParameters,
): Promise<ResultColumn[] | undefined> {
  const typed = typedText(sql, types);
  const described = await prepared(connection, typed);
  if (isSettled(described)) return described.columns;
  const nulls = replaceParameters(sql, (number) => `CAST(NULL AS ${types[number - 1] ?? 'VARCHAR'})`);
  const found = await preparedIfPossible(connection, nulls);
  if (bound?.batches.some(({ length }) => length > 0)) {
    const columns = await columnsOfRun(connection, typed.text, bound);
    // A name that is there twice is so no longer in a subquery.
    const names = found?.columns.map(({ name }) => name) ?? [];
    return columns.map((column, index) => {
      const first = columns[names.indexOf(names[index] as string)] ?? column;
      return { ...column, name: first.name };
    });
  }
  return found && isSettled(found) ? found.columns : undefined;
}

/** Some functions choose their type by the values that they get, which only a run has. */
async function columnsOfRun(connection: Connection, sql: string, bound: BoundParameters): Promise<ResultColumn[]> {
  const batch = bound.batches.find(({ length }) => length > 0);
  const prefix = 'FROM (';
  const text = `${prefix}${sql}\n) LIMIT 0`;
  const source = { sql, prefixBytes: Buffer.byteLength(prefix) };
  const statement = await connection.prepare(text, source);
  const result = new StreamingResult(connection, statement, [], source);
  try {
    bindParameters(statement, batch && { schema: bound.schema, batch, index: 0 });
    await result.start();
    return result.readColumns();
  } finally {
    await result.close();
  }
}
