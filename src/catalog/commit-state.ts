/** What a table tells about a commit that was sent to it. */

import type { SetSnapshotRef, TableCommit, TableRequirement, TableUpdate } from '../iceberg/contract.js';
import { writeJson } from '../json.js';
import type { LoadedTable } from './contract.js';
import { addedSnapshots } from './updates.js';

type Document = Record<string, unknown>;

/**
 * `applied`: the table holds it. `overtaken`: it doesn't, and the commit can't take effect any more, since the table has moved on. `gone`: there is
 * no such table by that name. `open`: it doesn't, but a copy of the commit that is still under way could be taken.
 */
export type CommitState = 'applied' | 'overtaken' | 'gone' | 'open';

/** Table metadata as far as a commit is looked for in it. */
interface Metadata {
  'format-version'?: number;
  'table-uuid'?: string;
  location?: string;
  'last-sequence-number'?: number;
  'last-column-id'?: number;
  'last-partition-id'?: number;
  'next-row-id'?: number | bigint;
  'current-schema-id'?: number;
  'default-spec-id'?: number;
  'default-sort-order-id'?: number;
  schemas?: Document[];
  'partition-specs'?: Document[];
  'sort-orders'?: Document[];
  properties?: Record<string, string>;
  snapshots?: Document[];
  refs?: Record<string, Document>;
  statistics?: Document[];
  'partition-statistics'?: Document[];
}

/** A table of a commit, and as it is; undefined where there is no such table. */
export interface Seen {
  commit: TableCommit;
  table: Pick<LoadedTable, 'metadata'> | undefined;
}

/**
 * What became of a commit. All of its tables are changed or none is: one that shows a snapshot, or a table, of the commit's own tells for the
 * others. Where there is neither, the commit counts if all tables are as it wants them.
 */
export function commitState(seen: readonly Seen[]): CommitState {
  const states = seen.map(({ commit, table }) => ({
    state: stateOf(commit, table?.metadata),
    isProof: leavesSigns(commit),
  }));
  const proofs = states.filter(({ isProof }) => isProof);
  const isApplied =
    proofs.length > 0
      ? proofs.some(({ state }) => state === 'applied')
      : states.every(({ state }) => state === 'applied');
  if (isApplied) return 'applied';
  return (['overtaken', 'gone'] as const).find((one) => states.some(({ state }) => state === one)) ?? 'open';
}

/** The current snapshot of a table that has moved on since the commit was made. */
export function rivalOf(seen: readonly Seen[]): bigint | undefined {
  const overtaken = seen.find(({ commit, table }) => stateOf(commit, table?.metadata) === 'overtaken');
  const id = (overtaken?.table?.metadata as Metadata | undefined)?.refs?.main?.['snapshot-id'];
  return typeof id === 'bigint' || typeof id === 'number' ? BigInt(id) : undefined;
}

/** Whether nobody but the commit itself can have made what it makes. */
function leavesSigns(commit: TableCommit): boolean {
  return creates(commit) || addedSnapshots(commit).length > 0;
}

function creates({ requirements }: TableCommit): boolean {
  return requirements.some(({ type }) => type === 'assert-create');
}

function stateOf(commit: TableCommit, metadata: unknown): CommitState {
  if (metadata === undefined) return creates(commit) ? 'open' : 'gone';
  const table = metadata as Metadata;
  const uuid = uuidOf(commit);
  const isSame = uuid === undefined || uuid.toLowerCase() === table['table-uuid']?.toLowerCase();
  if (creates(commit)) return isSame ? 'applied' : 'overtaken';
  if (!isSame) return 'gone';
  if (isApplied(commit, table)) return 'applied';
  const mayFollow = addedSnapshots(commit).every((snapshot) => fits(snapshot, table));
  return mayFollow && commit.requirements.every((requirement) => holds(requirement, table)) ? 'open' : 'overtaken';
}

function uuidOf({ requirements, updates }: TableCommit): string | undefined {
  for (const requirement of requirements) if (requirement.type === 'assert-table-uuid') return requirement.uuid;
  for (const update of updates) if (update.action === 'assign-uuid') return update.uuid;
  return undefined;
}

/** By its snapshots, whose ids are its own. A commit without any is there if the table is as it wants it. */
function isApplied(commit: TableCommit, table: Metadata): boolean {
  const added = addedSnapshots(commit).map((snapshot) => String(snapshot['snapshot-id']));
  if (added.length === 0) {
    return commit.updates.length > 0 && commit.updates.every((update) => isVisible(update, table));
  }
  const present = new Set(table.snapshots?.map((snapshot) => String(snapshot['snapshot-id'])));
  return added.some((id) => present.has(id));
}

/** Sequence numbers and row ids only ever grow: a snapshot with smaller ones than the table's is refused for good. */
function fits(snapshot: Document, table: Metadata): boolean {
  const sequenceNumber = snapshot['sequence-number'] as number | undefined;
  const firstRowId = snapshot['first-row-id'] as number | bigint | undefined;
  if (sequenceNumber !== undefined && sequenceNumber <= (table['last-sequence-number'] ?? 0)) return false;
  return firstRowId === undefined || firstRowId >= (table['next-row-id'] ?? 0);
}

function holds(requirement: TableRequirement, table: Metadata): boolean {
  switch (requirement.type) {
    case 'assert-create':
      return false;
    case 'assert-table-uuid':
      return true;
    case 'assert-ref-snapshot-id': {
      const actual = table.refs?.[requirement.ref]?.['snapshot-id'] ?? null;
      return String(actual) === String(requirement['snapshot-id']);
    }
    case 'assert-last-assigned-field-id':
      return table['last-column-id'] === requirement['last-assigned-field-id'];
    case 'assert-current-schema-id':
      return table['current-schema-id'] === requirement['current-schema-id'];
    case 'assert-last-assigned-partition-id':
      return table['last-partition-id'] === requirement['last-assigned-partition-id'];
    case 'assert-default-spec-id':
      return table['default-spec-id'] === requirement['default-spec-id'];
    case 'assert-default-sort-order-id':
      return table['default-sort-order-id'] === requirement['default-sort-order-id'];
  }
}

/** Ids that stand for what the commit added are seen with what it added. */
function isVisible(update: TableUpdate, table: Metadata): boolean {
  switch (update.action) {
    case 'assign-uuid':
      return table['table-uuid']?.toLowerCase() === update.uuid.toLowerCase();
    case 'upgrade-format-version':
      return (table['format-version'] ?? 1) >= update['format-version'];
    case 'add-schema':
      return includes(table.schemas, update.schema, 'schema-id');
    case 'add-spec':
      return includes(table['partition-specs'], update.spec, 'spec-id');
    case 'add-sort-order':
      return includes(table['sort-orders'], update['sort-order'], 'order-id');
    case 'set-current-schema':
      return isId(update['schema-id'], table['current-schema-id']);
    case 'set-default-spec':
      return isId(update['spec-id'], table['default-spec-id']);
    case 'set-default-sort-order':
      return isId(update['sort-order-id'], table['default-sort-order-id']);
    case 'set-location':
      return table.location === update.location;
    case 'set-properties':
      return Object.entries(update.updates).every(([name, value]) => table.properties?.[name] === value);
    case 'remove-properties':
      return update.removals.every((name) => table.properties?.[name] === undefined);
    case 'set-snapshot-ref':
      return isReference(update, table.refs?.[update['ref-name']]);
    case 'set-statistics':
      return hasStatistics(table.statistics, update, update.statistics['statistics-path']);
    case 'remove-statistics':
      return !hasStatistics(table.statistics, update);
    case 'remove-partition-statistics':
      return !hasStatistics(table['partition-statistics'], update);
    case 'remove-snapshot-ref':
      return table.refs?.[update['ref-name']] === undefined;
    case 'remove-snapshots': {
      const present = new Set(table.snapshots?.map((snapshot) => String(snapshot['snapshot-id'])));
      return update['snapshot-ids'].every((id) => !present.has(String(id)));
    }
    case 'remove-schemas':
      return !table.schemas?.some((schema) => update['schema-ids'].includes(schema['schema-id'] as number));
    case 'remove-partition-specs':
      return !table['partition-specs']?.some((spec) => update['spec-ids'].includes(spec['spec-id'] as number));
    case 'add-snapshot':
      return false;
  }
}

/** Retention is a part of a reference that commits can change by itself. */
function isReference(wanted: SetSnapshotRef, actual: Document | undefined): boolean {
  const names = ['snapshot-id', 'min-snapshots-to-keep', 'max-snapshot-age-ms', 'max-ref-age-ms'] as const;
  return actual !== undefined && names.every((name) => String(wanted[name] ?? null) === String(actual[name] ?? null));
}

function hasStatistics(
  files: readonly Document[] | undefined,
  wanted: { 'snapshot-id': bigint },
  location?: unknown,
): boolean {
  const ofSnapshot = files?.filter((file) => String(file['snapshot-id']) === String(wanted['snapshot-id'])) ?? [];
  return ofSnapshot.some((file) => location === undefined || file['statistics-path'] === location);
}

function isId(wanted: number, actual: number | undefined): boolean {
  return wanted === -1 || wanted === actual;
}

/** Whether the table has a document that differs in nothing but its id. */
function includes(documents: readonly Document[] | undefined, wanted: Document, id: string): boolean {
  const text = canonical({ ...wanted, [id]: undefined });
  return documents?.some((document) => canonical({ ...document, [id]: undefined }) === text) ?? false;
}

/** Names in order, without what says nothing: catalogs write documents in their own way, and number partition fields themselves. */
function canonical(document: Document): string {
  const ordered = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(ordered);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value)
      .filter(([name, inner]) => name !== 'field-id' && saysSomething(inner))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, inner]) => [
        name,
        TYPE_NAMES.has(name) && typeof inner === 'string' ? tight(inner) : ordered(inner),
      ]);
    return Object.fromEntries(entries);
  };
  return writeJson(ordered({ type: 'struct', ...document }));
}

/** Where a schema has the names of types, such as `decimal(10, 2)`. */
const TYPE_NAMES = new Set(['type', 'element', 'key', 'value']);

function tight(type: string): string {
  return type.replace(/\s+/g, '');
}

function saysSomething(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
