import { SkuaError } from '../../../../errors.js';
import { lineAndColumn, offsetOfCharacter } from '../../../../sql/index.js';
import type { SyntaxNode, SyntaxValue } from '../../contract.js';
import type { Connection } from '../native/database.js';
import { engineError } from '../native/errors.js';
import { readSerialized } from './serialized.js';

export type { SyntaxNode, SyntaxValue } from '../../contract.js';

interface Serialized {
  error: boolean;
  error_type?: string;
  error_message?: string;
  /** In characters, as syntax errors count. */
  position?: string;
  statements?: { node: SyntaxNode }[];
}

/** The tree of the only query in a text. */
export async function syntaxTree(connection: Connection, sql: string): Promise<SyntaxNode> {
  if (sql.includes('\0')) throw new SkuaError('INVALID_ARGUMENT', 'the statement holds a NUL character');
  const rows = await connection.rows('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const answer = readSerialized(rows[0]?.[0] ?? '{"error":true}') as Serialized;
  if (answer.error) throw syntaxError(sql, answer);
  const [first, ...more] = answer.statements ?? [];
  if (!first || more.length > 0) {
    throw new SkuaError('INVALID_ARGUMENT', `expected one statement, not ${more.length + (first ? 1 : 0)}`);
  }
  return first.node;
}

function syntaxError(sql: string, answer: Serialized): SkuaError {
  const message = answer.error_message ?? 'the statement cannot be parsed';
  if (answer.error_type === 'not implemented') {
    const notQuery = /^Only SELECT/.test(message);
    return new SkuaError('INVALID_ARGUMENT', notQuery ? 'the statement is not a query that can be planned' : message);
  }
  if (answer.error_type !== 'parser') return engineError(message);
  if (answer.position === undefined) return new SkuaError('INVALID_ARGUMENT', message);
  const place = lineAndColumn(sql, offsetOfCharacter(sql, Number(answer.position)));
  return new SkuaError('INVALID_ARGUMENT', `${message}, ${place}`);
}

/**
 * Turns byte offsets in a text into character offsets. A text has as many references as its length allows, so that each must cost little.
 */
export function characterOffsets(sql: string): (byteOffset: number) => number {
  const length = Buffer.byteLength(sql);
  if (length === sql.length) return (byteOffset) => Math.min(byteOffset, length);
  const offsets = new Uint32Array(length + 1);
  let byte = 0;
  let character = 0;
  for (const codePoint of sql) {
    const bytes = Buffer.byteLength(codePoint);
    offsets.fill(character, byte, byte + bytes);
    byte += bytes;
    character += codePoint.length;
  }
  offsets[length] = character;
  return (byteOffset) => offsets[Math.min(byteOffset, length)] as number;
}

export function isNode(value: SyntaxValue | undefined): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: SyntaxValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function nodesOf(value: SyntaxValue | undefined): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
