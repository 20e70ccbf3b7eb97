/** Time travel: which snapshots a clause means, and with which schema they are read. */
import { SkuaError } from '../../errors.js';
import { resolveSnapshot, type SnapshotSelector, schemaOf } from '../../iceberg/index.js';
import type { TableMetadata } from '../../iceberg/types.js';
import { displayName } from './names.js';
import type { PinnedTable } from './tables.js';

/** Which state of the table is wanted; the text is SQL of a literal: `3`, `'main'`, `TIMESTAMP '2026-01-01'`. */
export interface TimeTravel {
  unit: 'version' | 'timestamp';
  text: string;
}

/**
 * The table at the snapshot that a clause names: with the schema of its time, or for a branch with the table's current one. For a range of
 * versions, the rows that were appended after the first one up to the second.
 */
export function travel(table: PinnedTable, clause: TimeTravel): PinnedTable {
  const range = rangeOf(table.metadata, clause);
  if (!range) return { ...at(table, selectorOf(clause)), at: clauseKey(clause) };
  const from = resolveSnapshot(table.metadata, versionOf(range.from)).snapshotId;
  return {
    ...at(table, versionOf(range.to)),
    at: clauseKey(clause),
    part: { kind: 'appendedAfter', snapshotId: from },
  };
}

/**
 * Two views of the table whose rows differ by the net changes between two snapshots: what is new in the second one, what is gone from the
 * first. Files that both hold alike are in neither. INVALID_ARGUMENT where the clause is no range of versions.
 */
export function travelForChanges(
  table: PinnedTable,
  clause: TimeTravel | undefined,
): { added: PinnedTable; removed: PinnedTable } {
  const range = clause && rangeOf(table.metadata, clause);
  if (!clause || !range) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The changes of ${displayName(table.name)} need two versions: FOR VERSION FROM … TO …`,
    );
  }
  const to = at(table, versionOf(range.to));
  const from = at(table, versionOf(range.from));
  if (to.snapshotId === undefined || from.snapshotId === undefined) {
    throw new SkuaError('INTERNAL', 'A version resolved to no snapshot');
  }
  const key = clauseKey(clause);
  return {
    added: { ...to, at: `added ${key}`, part: { kind: 'notIn', snapshotId: from.snapshotId } },
    removed: {
      ...from,
      schema: to.schema,
      at: `removed ${key}`,
      part: { kind: 'notIn', snapshotId: to.snapshotId },
    },
  };
}

export function clauseKey({ unit, text }: TimeTravel): string {
  return `${unit} ${text}`;
}

function at(table: PinnedTable, selector: SnapshotSelector): PinnedTable {
  const { metadata } = table;
  const { snapshotId } = resolveSnapshot(metadata, selector);
  const isBranch = 'ref' in selector && metadata.refs[selector.ref]?.type === 'branch';
  return { ...table, snapshotId, schema: isBranch ? schemaOf(metadata) : schemaOf(metadata, snapshotId) };
}

function selectorOf({ unit, text }: TimeTravel): SnapshotSelector {
  const value = literalValue(text);
  return unit === 'timestamp' ? { timestampMs: timestampOf(value) } : versionOf(value);
}

/** `'a..b'`, which a branch or tag of that name takes precedence over. */
function rangeOf(metadata: TableMetadata, { unit, text }: TimeTravel): { from: string; to: string } | undefined {
  const value = literalValue(text);
  if (unit !== 'version' || Object.hasOwn(metadata.refs, value)) return undefined;
  const parts = value.split('..');
  const [from, to] = parts;
  return parts.length === 2 && from && to ? { from, to } : undefined;
}

function versionOf(value: string): { snapshotId: bigint } | { ref: string } {
  return /^\d+$/.test(value) ? { snapshotId: BigInt(value) } : { ref: value };
}

/** The value of a literal's SQL text, without its type word and quotes. */
function literalValue(text: string): string {
  const quoted = /'((?:[^']|'')*)'/.exec(text);
  return quoted ? (quoted[1] as string).replaceAll("''", "'") : text.trim();
}

/** Milliseconds since the epoch; a text without a zone is UTC. */
function timestampOf(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  const text = value.trim().replace(' ', 'T');
  const zoned = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(text) && text.includes('T');
  const whole = text.includes('T') ? text : `${text}T00:00:00`;
  const time = Date.parse(zoned ? whole : `${whole}Z`);
  if (Number.isNaN(time)) throw new SkuaError('INVALID_ARGUMENT', `"${value}" is no timestamp`);
  return time;
}
