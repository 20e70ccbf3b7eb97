/** CREATE, REPLACE and DROP of branches and tags, and their retention. */
import type { ReferenceAlteration } from './alteration.js';
import type { Cursor } from './cursor.js';

/** `CREATE [OR REPLACE] | REPLACE | DROP` of a `BRANCH` or `TAG`; undefined for what alters something else. */
export function parseReference(cursor: Cursor): ReferenceAlteration | undefined {
  for (const [words, how] of [
    [['CREATE', 'OR', 'REPLACE'], 'create-or-replace'],
    [['CREATE'], 'create'],
    [['REPLACE'], 'replace'],
  ] as const) {
    for (const [word, type] of KINDS) if (cursor.accept(...words, word)) return parseCreation(cursor, type, how);
  }
  for (const [word, type] of KINDS) {
    if (!cursor.at('DROP', word) || !isNameNext(cursor, 2)) continue;
    cursor.accept('DROP', word);
    const ifExists = cursor.accept('IF', 'EXISTS');
    return { kind: 'drop-reference', type, name: cursor.name(`a ${type}`), ifExists };
  }
  return undefined;
}

const KINDS = [
  ['BRANCH', 'branch'],
  ['TAG', 'tag'],
] as const;

/** A column may be called `branch` or `tag`. */
function isNameNext(cursor: Cursor, ahead: number): boolean {
  const next = cursor.peek(ahead);
  return next?.kind === 'word' || next?.kind === 'quoted';
}

function parseCreation(
  cursor: Cursor,
  type: 'branch' | 'tag',
  how: 'create' | 'replace' | 'create-or-replace',
): ReferenceAlteration {
  const ifNotExists = how === 'create' && cursor.accept('IF', 'NOT', 'EXISTS');
  const name = cursor.name(`the name of a ${type}`);
  const version = cursor.accept('AS', 'OF', 'VERSION') ? parseVersion(cursor) : undefined;
  const maxRefAgeMs = cursor.accept('RETAIN') ? parseAge(cursor, positive(cursor)) : undefined;
  const retention = type === 'branch' && cursor.accept('WITH', 'SNAPSHOT', 'RETENTION') ? parseRetention(cursor) : {};
  return {
    kind: 'set-reference',
    type,
    name,
    how,
    ifNotExists,
    ...(version !== undefined && { version }),
    ...(maxRefAgeMs !== undefined && { maxRefAgeMs }),
    ...retention,
  };
}

/** The id of a snapshot, or the name of a branch or tag. */
function parseVersion(cursor: Cursor): string {
  const token = cursor.peek();
  if (token?.kind === 'number' || token?.kind === 'string') return cursor.next().text;
  return cursor.name('the id of a snapshot');
}

/** `5 SNAPSHOTS`, `2 DAYS`, or both in this order. */
function parseRetention(cursor: Cursor): { minSnapshotsToKeep?: number; maxSnapshotAgeMs?: number } {
  const first = positive(cursor);
  if (!cursor.accept('SNAPSHOTS') && !cursor.accept('SNAPSHOT')) return { maxSnapshotAgeMs: parseAge(cursor, first) };
  if (cursor.peek()?.kind !== 'number') return { minSnapshotsToKeep: first };
  return { minSnapshotsToKeep: first, maxSnapshotAgeMs: parseAge(cursor, positive(cursor)) };
}

function positive(cursor: Cursor): number {
  const token = cursor.peek();
  const value = token?.kind === 'number' ? Number(token.text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < 1) throw cursor.error('Expected a whole number of at least 1');
  cursor.next();
  return value;
}

const UNITS = { DAY: 86_400_000, HOUR: 3_600_000, MINUTE: 60_000 };

/** In milliseconds. */
function parseAge(cursor: Cursor, count: number): number {
  for (const [unit, milliseconds] of Object.entries(UNITS)) {
    if (cursor.accept(`${unit}S`) || cursor.accept(unit)) return count * milliseconds;
  }
  throw cursor.error('Expected DAYS, HOURS or MINUTES');
}
