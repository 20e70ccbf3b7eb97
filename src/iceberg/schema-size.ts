/** What a schema may be made of: a statement over more would take the engine minutes to plan, and a type nested deeper no reader comes to an end of. */
import { SkuaError } from '../errors.js';

/** Columns and the fields inside them together. */
const MOST_FIELDS = 10_000;
/** Types within types. */
const DEEPEST = 100;

/** UNIMPLEMENTED of a schema, as JSON, that is larger. Of what is no schema nothing is said. */
export function checkSchemaSize(json: unknown): void {
  const waiting: [type: unknown, depth: number][] = [[json, 0]];
  let fields = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [type, depth] = next;
    if (typeof type !== 'object' || type === null) continue;
    if (depth > DEEPEST) throw tooLarge(`types that are nested more than ${DEEPEST} levels deep`);
    const { fields: members, element, key, value } = type as Record<string, unknown>;
    const inside = Array.isArray(members) ? members.map((field) => (field as { type?: unknown } | null)?.type) : [];
    const parts = [...inside, ...[element, key, value].filter((part) => part !== undefined)];
    fields += parts.length;
    if (fields > MOST_FIELDS) throw tooLarge(`more than ${MOST_FIELDS} columns and fields inside them`);
    for (const part of parts) waiting.push([part, depth + 1]);
  }
}

function tooLarge(what: string): SkuaError {
  return new SkuaError('UNIMPLEMENTED', `Tables of ${what} are not supported`);
}
