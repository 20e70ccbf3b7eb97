/** `system.runtime`: what the server does, as the caller may see it. */
import { Bool, Field, Float64, Int64, List, Schema, TimestampMillisecond, Utf8 } from 'apache-arrow';
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import type { ListedTable } from '../rows.js';
import type { NameContext } from '../tables/names.js';
import type { StatementEntry, SystemSource, TouchedEntry } from './contract.js';

type Row = unknown[];

interface SystemTable {
  schema: Schema;
  rows(source: SystemSource, principal: StatementContext['call']['principal']): Promise<Row[]>;
}

const text = (name: string) => new Field(name, new Utf8(), true);
const number = (name: string) => new Field(name, new Int64(), true);
const flag = (name: string) => new Field(name, new Bool(), true);
const moment = (name: string) => new Field(name, new TimestampMillisecond('UTC'), true);
const texts = (name: string) => new Field(name, new List(new Field('element', new Utf8(), true)), true);

const QUERIES: SystemTable = {
  schema: new Schema([
    ...['id', 'user', 'state', 'statement', 'sql', 'source', 'address'].map(text),
    moment('started'),
    moment('ended'),
    ...['queued_ms', 'total_ms', 'rows', 'bytes', 'affected_rows', 'spilled_bytes'].map(number),
    ...['error_code', 'error', 'server'].map(text),
  ]),
  rows: async (source, principal) =>
    (await source.statements(principal)).map((entry) => [
      entry.id,
      entry.user,
      entry.state,
      entry.statement,
      entry.sql,
      entry.rpc,
      entry.address,
      entry.started,
      entry.ended,
      whole(entry.queued),
      whole(entry.total),
      entry.rows,
      entry.bytes,
      entry.affectedRows,
      entry.spilled,
      entry.code,
      entry.message,
      entry.server,
    ]),
};

const PROFILES: SystemTable = {
  schema: new Schema([text('id'), text('phase'), number('from_ms'), number('ms')]),
  rows: async (source, principal) =>
    (await source.statements(principal)).flatMap(({ id, phases }) =>
      phases.map(({ phase, from, duration }) => [id, phase, whole(from), whole(duration)]),
    ),
};

const SCANS: SystemTable = {
  schema: new Schema([
    ...['id', 'table', 'access', 'snapshot_id'].map(text),
    texts('columns'),
    flag('restricted'),
    ...['manifests', 'manifests_read', 'files', 'files_planned'].map(number),
    text('pruned'),
    ...['delete_files', 'bytes_planned', 'bytes_fetched', 'bytes_cached', 'row_groups', 'row_groups_skipped'].map(
      number,
    ),
  ]),
  rows: async (source, principal) =>
    (await source.statements(principal)).flatMap((entry) => entry.tables.map((table) => scanRow(entry, table))),
};

const OPERATORS: SystemTable = {
  schema: new Schema([
    text('id'),
    ...['plan', 'operator_id', 'parent_id'].map(number),
    ...['operator', 'table', 'details'].map(text),
    ...['estimated_rows', 'rows'].map(number),
    new Field('ms', new Float64(), true),
  ]),
  rows: async (source, principal) =>
    (await source.statements(principal)).flatMap(({ id, operators = [] }) =>
      operators.map((entry) => [
        id,
        entry.plan,
        entry.operator,
        entry.parent,
        entry.name,
        entry.table,
        entry.details,
        entry.estimatedRows,
        entry.rows,
        entry.milliseconds,
      ]),
    ),
};

const SESSIONS: SystemTable = {
  schema: new Schema([
    ...['issuer', 'subject', 'catalog', 'schema'].map(text),
    flag('is_default'),
    number('calls'),
    moment('last_used'),
    moment('token_expires'),
    text('server'),
  ]),
  rows: async (source, principal) =>
    (await source.sessions(principal)).map((entry) => [
      entry.issuer,
      entry.subject,
      entry.catalog,
      entry.schema,
      entry.isDefault,
      entry.calls,
      entry.lastUsed,
      entry.expires,
      entry.server,
    ]),
};

const NODES: SystemTable = {
  schema: new Schema([
    text('kind'),
    number('pid'),
    text('role'),
    text('version'),
    moment('started'),
    ...['sessions', 'requests', 'memory_bytes'].map(number),
    text('server'),
  ]),
  rows: async (source, principal) =>
    (await source.nodes(principal)).map((entry) => [
      entry.kind,
      entry.pid,
      entry.role,
      entry.version,
      entry.started,
      entry.sessions,
      entry.requests,
      entry.memory,
      entry.server,
    ]),
};

const CACHE: SystemTable = {
  schema: new Schema([text('cache'), ...['hits', 'misses', 'bytes'].map(number), text('server')]),
  rows: async (source, principal) =>
    (await source.caches(principal)).map(({ cache, hits, misses, bytes, server }) => [
      cache,
      hits,
      misses,
      bytes,
      server,
    ]),
};

const SETTINGS: SystemTable = {
  schema: new Schema(['key', 'value', 'default', 'description'].map(text)),
  rows: async (source, principal) =>
    source.settings(principal).map(({ key, value, default: usual, description }) => [key, value, usual, description]),
};

export const SYSTEM_TABLES: Record<string, SystemTable> = {
  queries: QUERIES,
  profiles: PROFILES,
  scans: SCANS,
  operators: OPERATORS,
  sessions: SESSIONS,
  nodes: NODES,
  cache: CACHE,
  settings: SETTINGS,
};

/**
 * The table that a path into `system.runtime` means; undefined for any other path, and where a configured catalog is called `system`. Unknown table
 * in it: NOT_FOUND.
 */
export function systemTable(
  context: StatementContext,
  names: NameContext,
  path: readonly string[],
): ListedTable | undefined {
  const { system } = context.environment;
  const { principal } = context.call;
  if (path.length !== 3 || system === undefined || !isSystemSchema(context, names, path.slice(0, 2))) return undefined;
  const written = (path[2] as string).toLowerCase();
  const table = Object.hasOwn(SYSTEM_TABLES, written) ? SYSTEM_TABLES[written] : undefined;
  if (table === undefined) {
    const known = Object.keys(SYSTEM_TABLES).join(', ');
    throw new SkuaError('NOT_FOUND', `Table does not exist: system.runtime.${written}; there are ${known}`);
  }
  return {
    name: `system.runtime.${written}`,
    schema: table.schema,
    list: async () => table.rows(system, principal),
  };
}

/** Whether a path means the schema of the system's tables. */
export function isSystemSchema(
  { environment }: StatementContext,
  { catalogs }: NameContext,
  path: readonly string[],
): boolean {
  if (environment.system === undefined || path.length !== 2) return false;
  const isConfigured = catalogs.some((name) => name.toLowerCase() === 'system');
  return !isConfigured && path.join('.').toLowerCase() === 'system.runtime';
}

function scanRow({ id }: StatementEntry, { table, access, snapshot, columns, restricted, scan }: TouchedEntry): Row {
  return [
    id,
    table,
    access,
    snapshot,
    columns,
    restricted ?? false,
    scan?.manifestsTotal,
    scan?.manifestsRead,
    scan?.filesTotal,
    scan?.filesPlanned,
    scan?.pruned,
    scan?.deleteFiles,
    scan?.bytesPlanned,
    scan?.fetchedBytes,
    scan?.cachedBytes,
    scan?.rowGroups,
    scan?.rowGroupsSkipped,
  ];
}

/** Milliseconds have no parts here. */
function whole(milliseconds: number): number {
  return Math.round(milliseconds);
}
