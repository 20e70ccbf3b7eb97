/** Casts of moments in nanoseconds, whose type is a name for times in UTC: the engine makes them as if every session were in UTC. */

import type { Connection } from '../native/database.js';
import { zonedNanoseconds } from '../native/named-types.js';
import { isNode, type SyntaxValue } from '../parsing/syntax-tree.js';

const OFFSET = /(?:Z|[+-]\d{2}(?::?\d{2})?)\s*$/i;

/** Whether all of a query's casts of such moments mean the same in every time zone; false where that can't be told. */
export async function castsInAnyZone(connection: Connection, sql: string): Promise<boolean> {
  const rows = await connection.rows('SELECT json_serialize_plan($1::VARCHAR, optimize := false)', [sql]);
  const plan = parsed(rows[0]?.[0] ?? '');
  return plan !== undefined && everyCast(plan);
}

function parsed(text: string): SyntaxValue | undefined {
  try {
    const plan = JSON.parse(text) as SyntaxValue;
    return isNode(plan) && plan.error === false ? plan : undefined;
  } catch {
    // The constants NaN and Infinity are no JSON.
    return undefined;
  }
}

function everyCast(value: SyntaxValue | undefined): boolean {
  if (Array.isArray(value)) return value.every(everyCast);
  if (!isNode(value)) return true;
  if (value.expression_class === 'BOUND_CAST' && !isSteady(value.child, value.return_type)) return false;
  return Object.values(value).every(everyCast);
}

function isSteady(child: SyntaxValue | undefined, target: SyntaxValue | undefined): boolean {
  const constant = isNode(child) && isNode(child.value) ? child.value : undefined;
  const source = constant ? constant.type : isNode(child) ? child.return_type : undefined;
  if (!holdsMoments(source) && !holdsMoments(target)) return true;
  if (constant?.is_null === true || isType(source, 'NULL')) return true;
  if (isMoment(source) && isMoment(target)) return true;
  return isMoment(target) && typeof constant?.value === 'string' && OFFSET.test(constant.value);
}

function holdsMoments(type: SyntaxValue | undefined): boolean {
  return JSON.stringify(type ?? null).includes(`"${zonedNanoseconds}"`);
}

function isMoment(type: SyntaxValue | undefined): boolean {
  return isType(type, 'TIMESTAMP WITH TIME ZONE') || (isType(type, 'TIMESTAMP_NS') && holdsMoments(type));
}

function isType(type: SyntaxValue | undefined, id: string): boolean {
  return isNode(type) && type.id === id;
}
