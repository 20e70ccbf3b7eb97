/** Signatures for single requests to the store, for those who may make them (Iceberg REST specification, `signRequest`). */

import { normalizeLocation } from '../../storage/index.js';
import { forbidden, illegalArgument } from '../request/error.js';
import { asObject, type JsonObject, optionalString, stringField } from '../request/fields.js';
import { isWithin, placeOf } from '../warehouse/contract.js';
import { type Call, type CatalogContext, type Handler, ok, tableOf } from './context.js';
import { checkLocations, locationsUsed, namespaceLocation } from './locations.js';
import { dotted, type TableIdentifier } from './store.js';
import { existingTable } from './tables.js';

/** How long a signature of a reading may serve for the same request again, in seconds. */
const READ_LIFE = 60;

/** Parameters of what is done with the objects of tables; all others, such as `acl` and `policy`, are signed for nobody. */
const PARAMETERS = new Set([
  ...['x-id', 'list-type', 'prefix', 'delimiter', 'continuation-token', 'start-after', 'max-keys', 'encoding-type'],
  ...['uploads', 'uploadId', 'partNumber', 'delete', 'fetch-owner'],
]);

interface StoreRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string | undefined;
}

export const signRequest: Handler = async (context, call) => {
  const identifier = tableOf(call);
  const request = readRequest(await call.body());
  const { sign, objectAt } = context.warehouse.signing ?? {};
  if (!context.remoteSigning || !sign || !objectAt) throw illegalArgument('Remote signing is not enabled');
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const allowed = await allowedLocations(context, call, identifier, reads);
  const object = objectAt(request.url);
  if (object === undefined) throw outside(identifier);
  for (const location of locationsOf(request, object)) {
    // Without its slash at the end a prefix would be that of other tables, too.
    const isBelow = (parent: string) => isWithin(location, parent) && normalizeLocation(location) !== placeOf(parent);
    if (!allowed.some(isBelow)) throw outside(identifier);
  }
  const headers = sign(request.method, request.url, request.headers);
  return ok(
    { uri: request.url.href, headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]])) },
    { 'cache-control': reads ? `private, max-age=${READ_LIFE}` : 'no-store' },
  );
};

/** Where the caller may read or write for the table; of one that is only staged, where it is to lie. */
async function allowedLocations(
  { store: { state }, files, warehouse }: CatalogContext,
  { caller }: Call,
  identifier: TableIdentifier,
  reads: boolean,
): Promise<string[]> {
  const entry = state.tableLike(identifier);
  if (!entry && caller.may('CREATE_TABLE_STAGED_WITH_WRITE_DELEGATION')) {
    const location = `${namespaceLocation(state, warehouse, identifier.namespace)}/${identifier.name}`;
    checkLocations(state, warehouse, identifier, [location]);
    return [location];
  }
  const { metadataLocation } = existingTable(state, identifier);
  caller.require(reads ? 'LOAD_TABLE_WITH_READ_DELEGATION' : 'LOAD_TABLE_WITH_WRITE_DELEGATION');
  const metadata = await files.table(metadataLocation);
  return locationsUsed(metadata.location, metadata.properties);
}

function readRequest(json: JsonObject): StoreRequest {
  const uri = stringField(json, 'uri');
  if (!URL.canParse(uri)) throw illegalArgument('Cannot parse uri');
  const provider = optionalString(json, 'provider') ?? 's3';
  if (provider !== 's3') throw illegalArgument(`Unsupported provider: ${provider}`);
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(asObject(json.headers ?? {}, 'headers'))) {
    headers[name.toLowerCase()] = [values].flat().map(String).join(',');
  }
  return {
    method: stringField(json, 'method').toUpperCase(),
    url: new URL(uri),
    headers,
    body: optionalString(json, 'body'),
  };
}

/** What a request reads, lists, writes or removes, as locations. Of what does more than that: 403. */
function locationsOf({ method, url, headers, body }: StoreRequest, object: string): string[] {
  const query = url.searchParams;
  const odd = [...query.keys()].find((name) => !PARAMETERS.has(name));
  const copies = Object.keys(headers).some((name) => name.startsWith('x-amz-copy-source'));
  if (odd !== undefined || copies) throw forbidden('Requests of this kind are not signed');
  switch (method) {
    case 'GET':
      return query.has('list-type') ? [`${object}${query.get('prefix') ?? ''}`] : [object];
    case 'POST':
      return query.has('delete') ? keysIn(body).map((key) => `${object}${key}`) : [object];
    case 'HEAD':
    case 'PUT':
    case 'DELETE':
      return [object];
    default:
      throw forbidden('Requests of this kind are not signed');
  }
}

/** The keys of a DeleteObjects request. */
function keysIn(body: string | undefined): string[] {
  const keys = [...(body ?? '').matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescaped(key));
  if (keys.length === 0) throw illegalArgument('Cannot parse body: no keys');
  return keys;
}

function unescaped(text: string): string {
  const signs: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text
    .replace(/&#x([0-9a-fA-F]+);/g, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, digits) => String.fromCodePoint(Number(digits)))
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => signs[name] ?? '');
}

function outside(identifier: TableIdentifier) {
  return forbidden(`The request is for objects outside the locations of table ${dotted(identifier)}`);
}
