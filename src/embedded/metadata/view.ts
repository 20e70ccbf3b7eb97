/** View metadata and its updates (Iceberg view spec; REST specification, `ViewUpdate`). */
import { randomUUID } from 'node:crypto';
import { commitFailed, illegalArgument, illegalState, invalid, unreadable } from '../request/error.js';
import {
  asArray,
  asObject,
  integerField,
  type JsonObject,
  optionalStringMap,
  stringField,
  stringMap,
  stringsField,
} from '../request/fields.js';
import type { SchemaJson } from './model.js';
import { readSchema, sameSchema } from './schema.js';

const LAST_ADDED = -1;
const DEFAULT_VERSIONS_KEPT = 10;
const DROP_DIALECTS = 'replace.drop-dialect.allowed';

export interface ViewVersion {
  'version-id': number;
  'timestamp-ms': number;
  'schema-id': number;
  summary: Record<string, string>;
  'default-catalog'?: string;
  'default-namespace': string[];
  representations: JsonObject[];
}

/** In the specification's JSON. */
export interface ViewMetadata {
  'view-uuid': string;
  'format-version': 1;
  location: string;
  schemas: SchemaJson[];
  'current-version-id': number;
  versions: ViewVersion[];
  'version-log': { 'timestamp-ms': number; 'version-id': number }[];
  properties?: Record<string, string>;
}

export function readViewDocument(value: unknown): ViewMetadata {
  const object = asObject(value, 'view metadata');
  stringField(object, 'view-uuid');
  asArray(object.versions, 'versions');
  return object as unknown as ViewMetadata;
}

/** The metadata of a new view from a `CreateViewRequest`. Its first version is the catalog's own, `now` in milliseconds. */
export function newViewMetadata(request: JsonObject, location: string, now: number): ViewMetadata {
  const schema = readSchema(request.schema);
  const view: ViewMetadata = {
    'view-uuid': randomUUID(),
    'format-version': 1,
    location,
    schemas: [],
    'current-version-id': LAST_ADDED,
    versions: [],
    'version-log': [],
  };
  const version = asObject(request['view-version'], 'view version');
  return updateView(view, [
    { action: 'add-schema', schema },
    {
      action: 'add-view-version',
      'view-version': { ...version, 'timestamp-ms': now, 'schema-id': -1, summary: {} },
    },
    { action: 'set-current-view-version', 'view-version-id': LAST_ADDED },
    { action: 'set-properties', updates: optionalStringMap(request, 'properties') },
  ]);
}

export function checkViewRequirements(requirements: readonly JsonObject[], view: ViewMetadata): void {
  for (const requirement of requirements) {
    if (requirement.type !== 'assert-view-uuid') {
      throw unreadable();
    }
    const uuid = stringField(requirement, 'uuid');
    if (uuid.toLowerCase() !== view['view-uuid'].toLowerCase()) {
      throw commitFailed(`Requirement failed: view UUID does not match: expected ${view['view-uuid']} != ${uuid}`);
    }
  }
}

/** The metadata after the updates; the given one stays as it is. */
export function updateView(base: ViewMetadata, updates: readonly JsonObject[]): ViewMetadata {
  const view: ViewMetadata = {
    ...base,
    schemas: [...base.schemas],
    versions: [...base.versions],
    'version-log': [...base['version-log']],
  };
  let lastSchemaId: number | undefined;
  let lastVersionId: number | undefined;
  for (const update of updates) {
    const action = stringField(asObject(update, 'metadata update'), 'action');
    switch (action) {
      case 'assign-uuid':
        if (stringField(update, 'uuid') !== view['view-uuid']) throw illegalArgument('Cannot reassign uuid');
        break;
      case 'upgrade-format-version':
        if (integerField(update, 'format-version') !== 1) {
          throw illegalArgument('Cannot upgrade view to unsupported format version (supported: v1)');
        }
        break;
      case 'add-schema':
        lastSchemaId = addSchema(view, readSchema(update.schema));
        break;
      case 'set-location':
        view.location = stringField(update, 'location').replace(/\/+$/, '');
        break;
      case 'set-properties':
        setProperties(view, { ...view.properties, ...stringMap(update.updates, 'updates') });
        break;
      case 'remove-properties': {
        const removed = new Set(stringsField(update, 'removals'));
        setProperties(
          view,
          Object.fromEntries(Object.entries(view.properties ?? {}).filter(([name]) => !removed.has(name))),
        );
        break;
      }
      case 'add-view-version':
        lastVersionId = addVersion(view, readVersion(update['view-version'], lastSchemaId));
        break;
      case 'set-current-view-version':
        setCurrentVersion(view, integerField(update, 'view-version-id'), lastVersionId);
        break;
      default:
        throw unreadable();
    }
  }
  if (!view.versions.some((version) => version['version-id'] === view['current-version-id'])) {
    throw illegalArgument(`Cannot find current version ${view['current-version-id']} in view versions`);
  }
  checkDialectsKept(base, view);
  return expireVersions(view);
}

/** A replacement keeps the dialects of the version before, unless a property allows to drop some. */
function checkDialectsKept(base: ViewMetadata, view: ViewMetadata): void {
  if (view.properties?.[DROP_DIALECTS]?.toLowerCase() === 'true') return;
  const dialectsOf = ({ versions, 'current-version-id': current }: ViewMetadata) =>
    (versions.find((version) => version['version-id'] === current)?.representations ?? []).map(({ dialect }) =>
      String(dialect).toLowerCase(),
    );
  const [before, after] = [dialectsOf(base), dialectsOf(view)];
  if (before.every((dialect) => after.includes(dialect))) return;
  throw illegalState(
    `Cannot replace view due to loss of view dialects (${DROP_DIALECTS}=false):\n` +
      `Previous dialects: [${before.join(', ')}]\nNew dialects: [${after.join(', ')}]`,
  );
}

function setProperties(view: ViewMetadata, properties: Record<string, string>): void {
  if (Object.keys(properties).length > 0) view.properties = properties;
  else delete view.properties;
}

function addSchema(view: ViewMetadata, schema: SchemaJson): number {
  const known = view.schemas.find((one) => sameSchema(one, schema));
  if (known !== undefined) return known['schema-id'];
  const id = Math.max(0, ...view.schemas.map((one) => one['schema-id'] + 1));
  view.schemas.push({ ...schema, 'schema-id': id });
  return id;
}

function readVersion(value: unknown, lastSchemaId: number | undefined): ViewVersion {
  const object = asObject(value, 'view version');
  const schemaId = integerField(object, 'schema-id');
  if (schemaId === LAST_ADDED && lastSchemaId === undefined) {
    throw invalid('Cannot set last added schema: no schema has been added');
  }
  const dialects = new Set<string>();
  const representations = asArray(object.representations, 'representations').map((entry) => {
    const representation = asObject(entry, 'view representation');
    const dialect = stringField(representation, 'dialect');
    stringField(representation, 'sql');
    if (dialects.has(dialect.toLowerCase())) {
      throw illegalArgument(`Invalid view version: Cannot add multiple queries for dialect ${dialect.toLowerCase()}`);
    }
    dialects.add(dialect.toLowerCase());
    return representation;
  });
  const catalog = object['default-catalog'];
  return {
    'version-id': integerField(object, 'version-id'),
    'timestamp-ms': integerField(object, 'timestamp-ms'),
    'schema-id': schemaId === LAST_ADDED ? (lastSchemaId ?? 0) : schemaId,
    summary: optionalStringMap(object, 'summary'),
    ...(typeof catalog === 'string' ? { 'default-catalog': catalog } : {}),
    'default-namespace': stringsField(object, 'default-namespace'),
    representations,
  };
}

function addVersion(view: ViewMetadata, version: ViewVersion): number {
  if (!view.schemas.some((schema) => schema['schema-id'] === version['schema-id'])) {
    throw illegalArgument(`Cannot add version with unknown schema: ${version['schema-id']}`);
  }
  const content = ({ 'version-id': _, 'timestamp-ms': __, ...rest }: ViewVersion) => JSON.stringify(rest);
  const known = view.versions.find((one) => content(one) === content(version));
  if (known !== undefined) return known['version-id'];
  const id = Math.max(1, ...view.versions.map((one) => one['version-id'] + 1));
  view.versions.push({ ...version, 'version-id': id });
  return id;
}

function setCurrentVersion(view: ViewMetadata, requested: number, lastAdded: number | undefined): void {
  const id = requested === LAST_ADDED ? lastAdded : requested;
  if (id === undefined) throw invalid('Cannot set last version id: no current version id has been set');
  const version = view.versions.find((one) => one['version-id'] === id);
  if (version === undefined) throw illegalArgument(`Cannot set current version to unknown version: ${id}`);
  if (id === view['current-version-id']) return;
  view['current-version-id'] = id;
  view['version-log'].push({ 'timestamp-ms': version['timestamp-ms'], 'version-id': id });
}

/** Keeps the newest versions and the current one. */
function expireVersions(view: ViewMetadata): ViewMetadata {
  const kept = Math.max(1, Number(view.properties?.['version.history.num-entries'] ?? DEFAULT_VERSIONS_KEPT));
  if (view.versions.length <= kept) return view;
  const current = view.versions.filter((version) => version['version-id'] === view['current-version-id']);
  const others = view.versions.filter((version) => version['version-id'] !== view['current-version-id']);
  const versions = [...(kept > 1 ? others.slice(1 - kept) : []), ...current];
  versions.sort((one, other) => one['version-id'] - other['version-id']);
  const ids = new Set(versions.map((version) => version['version-id']));
  const lastGap = view['version-log'].findLastIndex((entry) => !ids.has(entry['version-id']));
  return { ...view, versions, 'version-log': view['version-log'].slice(lastGap + 1) };
}
