import { createHash } from 'node:crypto';
import { writeJson } from '../../json.js';
import { tableDocument } from '../metadata/document.js';
import type { KeptMetadata } from '../metadata/model.js';
import { illegalArgument } from '../request/error.js';
import type { JsonObject } from '../request/fields.js';
import type { VendedCredential } from '../warehouse/contract.js';
import type { Call, CatalogContext } from './context.js';
import { restrictionsFor } from './policies.js';
import { dotted, type TableIdentifier } from './store.js';

export type Access = 'read' | 'read-write';

/** Whether the request asks for credentials (REST specification, header `X-Iceberg-Access-Delegation`). */
export function delegationRequested(call: Call): boolean {
  const header = call.headers['x-iceberg-access-delegation'];
  const modes = (typeof header === 'string' ? header : '')
    .split(',')
    .map((mode) => mode.trim())
    .filter((mode) => mode !== '');
  if (modes.length === 0) return false;
  if (!modes.includes('vended-credentials')) {
    const words = modes.map((mode) => mode.toUpperCase().replaceAll('-', '_'));
    throw illegalArgument(`Unsupported access delegation mode: ${words.join(', ')}`);
  }
  return true;
}

/** What a caller may do with the files of a table, the most that the grants allow. Refuses one who may not even read. */
export function authorizeLoad(call: Call, delegated: boolean): Access {
  if (!delegated) {
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
    restrictions: restrictionsFor(store.rights.policies, caller, identifier, table.metadata),
  };
}

/** `LoadTableResult`, with credentials where they are asked for. */
export async function loadResult(
  context: CatalogContext,
  { identifier, metadata, metadataLocation, restrictions }: Loaded,
  delegated: Access | undefined,
): Promise<JsonObject> {
  const credentials = delegated === undefined ? [] : await vend(context, identifier, metadata.location, delegated);
  return {
    ...(metadataLocation === undefined ? {} : { 'metadata-location': metadataLocation }),
    metadata: tableDocument(metadata),
    config: {
      ...context.warehouse.properties,
      ...Object.assign({}, ...credentials.map((credential) => credential.config)),
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

/** Names one state of a table, and what the caller may see of it. */
export function entityTag({
  metadataLocation = '',
  restrictions,
}: Pick<Loaded, 'metadataLocation' | 'restrictions'>): string {
  const seen = restrictions === undefined ? '' : `\n${writeJson(restrictions)}`;
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
