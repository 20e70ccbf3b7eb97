import { createHash } from 'node:crypto';
import { writeJson } from '../../json.js';
import { tableDocument } from '../metadata/document.js';
import type { KeptMetadata } from '../metadata/model.js';
import { illegalArgument } from '../request/error.js';
import type { JsonObject } from '../request/fields.js';
import type { VendedCredential } from '../warehouse/contract.js';
import type { Call, CatalogContext } from './context.js';
import { restrictionsFor } from './policies.js';
import { signingProperties } from './signing-properties.js';
import { dotted, type TableIdentifier } from './store.js';

export type Access = 'read' | 'read-write';

/** Ways to reach a table's files that a request takes (REST specification, header `X-Iceberg-Access-Delegation`); the first that can be had. */
export type DelegationMode = 'vended-credentials' | 'remote-signing';

/** How a request is to be given access to files; undefined where it does not ask for any. */
export function delegationRequested(
  { warehouse, remoteSigning }: CatalogContext,
  call: Call,
): DelegationMode | undefined {
  const header = call.headers['x-iceberg-access-delegation'];
  const modes = (typeof header === 'string' ? header : '')
    .split(',')
    .map((mode) => mode.trim())
    .filter((mode) => mode !== '');
  if (modes.length === 0) return undefined;
  const takesBoth = modes.includes('vended-credentials') && modes.includes('remote-signing');
  if (modes.includes('vended-credentials') && !(takesBoth && warehouse.vending === 'unavailable')) {
    return 'vended-credentials';
  }
  if (modes.includes('remote-signing') && remoteSigning) return 'remote-signing';
  const words = (takesBoth ? ['remote-signing'] : modes).map((mode) => mode.toUpperCase().replaceAll('-', '_'));
  throw illegalArgument(`Unsupported access delegation mode: ${words.join(', ')}`);
}

/** What a caller may do with the files of a table, the most that the grants allow. Refuses one who may not even read. */
export function authorizeLoad(call: Call, isDelegated: boolean): Access {
  if (!isDelegated) {
    call.caller.require('LOAD_TABLE');
    return 'read';
  }
  if (call.caller.may('LOAD_TABLE_WITH_WRITE_DELEGATION')) return 'read-write';
  call.caller.require('LOAD_TABLE_WITH_READ_DELEGATION');
  return 'read';
}

/** Credentials that open one table's files; none where the warehouse needs none. */
export async function vend(
  { warehouse }: CatalogContext,
  identifier: TableIdentifier,
  location: string,
  access: Access,
): Promise<VendedCredential[]> {
  if (warehouse.vending === 'none') return [];
  if (warehouse.vending === 'unavailable') {
    throw illegalArgument(
      `Credential vending was requested for table ${dotted(identifier)}, but no credentials are available`,
    );
  }
  return [await warehouse.vending(location, access)];
}

/** A table as it is answered with. */
export interface Loaded {
  identifier: TableIdentifier;
  metadata: KeptMetadata;
  metadataLocation?: string;
  /** What the caller may see of it; undefined where that is all. */
  restrictions: JsonObject | undefined;
}

/** The table for a caller. */
export function loadedFor(
  { store }: CatalogContext,
  { caller }: Call,
  identifier: TableIdentifier,
  table: { metadata: KeptMetadata; metadataLocation?: string },
): Loaded {
  return {
    identifier,
    ...table,
    restrictions: restrictionsFor(store.state.policies, caller, identifier, table.metadata),
  };
}

/** `LoadTableResult`, with credentials where they are asked for. */
export async function loadResult(
  context: CatalogContext,
  { identifier, metadata, metadataLocation, restrictions }: Loaded,
  delegated: { mode: DelegationMode; access: Access } | undefined,
): Promise<JsonObject> {
  const vended = delegated?.mode === 'vended-credentials' ? delegated.access : undefined;
  const credentials = vended === undefined ? [] : await vend(context, identifier, metadata.location, vended);
  return {
    ...(metadataLocation === undefined ? {} : { 'metadata-location': metadataLocation }),
    metadata: tableDocument(metadata),
    config: {
      ...context.warehouse.properties,
      ...Object.assign({}, ...credentials.map((credential) => credential.config)),
      ...(delegated?.mode === 'remote-signing' && signingProperties(context, identifier)),
      ...(context.demandsPlanning && { 'scan-planning-mode': 'server' }),
      ...(credentials.length === 0
        ? {}
        : { 'client.refresh-credentials-endpoint': credentialsPath(context.name, identifier) }),
    },
    ...(credentials.length === 0 ? {} : { 'storage-credentials': credentials }),
    ...(restrictions === undefined ? {} : { 'read-restrictions': restrictions }),
  };
}

function credentialsPath(prefix: string, { namespace, name }: TableIdentifier): string {
  const levels = encodeURIComponent(namespace.join('\u001f'));
  return `v1/${encodeURIComponent(prefix)}/namespaces/${levels}/tables/${encodeURIComponent(name)}/credentials`;
}

/** Names one state of a table, with those of its snapshots that were asked for, and what the caller may see of it. */
export function entityTag(
  { metadataLocation = '', restrictions }: Pick<Loaded, 'metadataLocation' | 'restrictions'>,
  snapshots = 'all',
): string {
  const part = snapshots.toLowerCase() === 'all' ? '' : `\n${snapshots.toLowerCase()}`;
  const seen = restrictions === undefined ? part : `${part}\n${writeJson(restrictions)}`;
  return `W/"${createHash('sha256')
    .update(metadataLocation + seen)
    .digest('hex')}"`;
}

/** Metadata with all snapshots, or with those alone that a branch or tag names (query parameter `snapshots`). */
export function withSnapshots(metadata: KeptMetadata, wanted: string | null): KeptMetadata {
  const choice = wanted?.toLowerCase() ?? 'all';
  if (choice === 'all') return metadata;
  if (choice !== 'refs') throw illegalArgument(`Unrecognized snapshots: ${wanted}`);
  const named = new Set(Object.values(metadata.refs).map((reference) => reference.snapshotId));
  return { ...metadata, snapshots: metadata.snapshots.filter((snapshot) => named.has(snapshot.snapshotId)) };
}
