/** Variables of a session: SET VARIABLE, RESET VARIABLE and `getvariable('name')`. They last as long as the session. */
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { quoteString } from '../../sql/index.js';
import type { StatementContext } from '../environment.js';
import { bindQuery, runQuery } from '../reading/query.js';
import type { SetVariableStatement } from '../syntax/setting.js';
import { variableValues } from './variable-values.js';

/** Characters of one value, and how many variables a session may have. */
const LONGEST_VALUE = 1 << 20;
const MOST_VARIABLES = 1000;

/** Computes the expression once and keeps its value with its type. A value without a form in SQL: UNIMPLEMENTED. */
export async function setVariable(context: StatementContext, { name, sql }: SetVariableStatement): Promise<void> {
  const variables = await variableValues(context);
  const key = name.toLowerCase();
  if (sql === undefined) {
    variables.delete(key);
    return;
  }
  const value = await constantOf(context, sql);
  if (value.length > LONGEST_VALUE || (variables.size >= MOST_VARIABLES && !variables.has(key))) {
    throw new SkuaError(
      'RESOURCE_EXHAUSTED',
      `A session has room for ${MOST_VARIABLES} variables of ${LONGEST_VALUE} characters; keep larger values in a temporary table`,
    );
  }
  variables.set(key, value);
  context.call.report.keepsState = true;
}

/** The value of an expression as SQL: its text, cast to its type; a variant as its bytes. */
async function constantOf(context: StatementContext, sql: string): Promise<string> {
  const bytes = ['metadata', 'value'].map((part) => `hex(struct_extract(${VARIANT_BYTES}, '${part}'))`).join(' || ');
  const bound = await bindQuery(
    context,
    `SELECT typeof(value), CAST(value AS VARCHAR), CASE WHEN typeof(value) = 'VARIANT' THEN ${bytes} END FROM (SELECT (${sql}\n) AS value)`,
  );
  if (bound.parameterCount > 0) throw new SkuaError('INVALID_ARGUMENT', 'SET VARIABLE takes no parameters');
  const stream = await runQuery(context, bound);
  let row: unknown[] | undefined;
  for await (const batch of stream.batches) row ??= batchToRows(stream.schema, batch)[0];
  const [type, text, digits] = (row ?? []) as [string, string | null, string | null];
  if (type === '"NULL"') return '(NULL)';
  if (type === 'VARCHAR' && text !== null) return quoteString(text);
  if (type === 'VARIANT' && digits !== null) return `variant_bytes_to_variant(from_hex(${quoteString(digits)}))`;
  if (/\bVARIANT\b/.test(type) && text !== null) {
    throw new SkuaError('UNIMPLEMENTED', `A variable can not hold variants inside ${type}; cast it to JSON or VARCHAR`);
  }
  return `(CAST(${text === null ? 'NULL' : quoteString(text)} AS ${type}))`;
}

/** The two byte strings that a variant is in Parquet. */
const VARIANT_BYTES =
  'CAST(variant_to_parquet_variant(variant_normalize(CAST(value AS VARIANT))) AS STRUCT(metadata BLOB, "value" BLOB))';
