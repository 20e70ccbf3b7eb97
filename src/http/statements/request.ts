/** What a statement is sent as: JSON with its parameters, or the bare text. */
import { z } from 'zod';
import { messageOf, SkuaError } from '../../errors.js';
import { parseJson } from '../../json.js';
import type { StatementRequest } from '../../query/contract.js';
import { namespaceOf } from '../../query/index.js';
import { parametersOf } from './parameters.js';

export interface SentStatement {
  request: StatementRequest;
  /** Current catalog and schema for this statement alone. */
  names?: { catalog?: string; schema?: string[] };
}

const statement = z.strictObject({
  sql: z.string(),
  parameters: z.array(z.unknown()).optional(),
  parameter_rows: z.array(z.array(z.unknown())).optional(),
  session: z.strictObject({ catalog: z.string().min(1).optional(), schema: z.string().min(1).optional() }).optional(),
  transaction: z.string().optional(),
});

const TEXT_TYPES = new Set(['application/sql', 'text/plain']);

/** A body that is no such statement: INVALID_ARGUMENT that says where. */
export function readStatement(contentType: string | undefined, body: Buffer): SentStatement {
  const text = textOf(body);
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && TEXT_TYPES.has(type)) return { request: requestOf(text) };
  if (type !== 'application/json') {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `send the statement as application/json, {"sql": "SELECT 1"}, or its bare text as application/sql`,
    );
  }
  const sent = statement.safeParse(jsonOf(text));
  if (!sent.success) {
    const [issue] = sent.error.issues;
    const at = issue?.path.join('.');
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `the statement's JSON is not as it should be: ${at ? `${at}: ` : ''}${issue?.message}`,
    );
  }
  const { sql, parameters, parameter_rows: rows, session, transaction } = sent.data;
  if (parameters !== undefined && rows !== undefined) {
    throw new SkuaError('INVALID_ARGUMENT', 'send either parameters or parameter_rows');
  }
  if (rows?.length === 0) throw new SkuaError('INVALID_ARGUMENT', 'parameter_rows is empty');
  const request = requestOf(sql);
  const given = rows ?? (parameters === undefined || parameters.length === 0 ? undefined : [parameters]);
  if (given !== undefined) request.parameters = parametersOf(given);
  if (transaction !== undefined) request.transaction = transaction;
  return session === undefined ? { request } : { request, names: namesOf(session) };
}

function requestOf(sql: string): StatementRequest {
  if (sql.trim() === '') throw new SkuaError('INVALID_ARGUMENT', 'the statement is empty');
  return { sql };
}

function namesOf({ catalog, schema }: { catalog?: string | undefined; schema?: string | undefined }) {
  return {
    ...(catalog === undefined ? {} : { catalog }),
    ...(schema === undefined ? {} : { schema: namespaceOf(schema) }),
  };
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function textOf(body: Buffer): string {
  try {
    return UTF8.decode(body);
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', 'the body is not valid UTF-8', { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `the body is no JSON: ${messageOf(error)}`, { cause: error });
  }
}
