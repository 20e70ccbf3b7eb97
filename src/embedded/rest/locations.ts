import type { KeptMetadata } from '../metadata/model.js';
import { forbidden, illegalArgument } from '../request/error.js';
import { isWithin, placeOf, trimmed, type Warehouse } from '../warehouse/contract.js';
import { type CatalogState, dotted, type Namespace, type TableIdentifier } from './store.js';

/** Where the tables of a namespace lie, without a slash at its end. */
export function namespaceLocation(state: CatalogState, warehouse: Warehouse, namespace: Namespace): string {
  const own = state.namespace(namespace)?.properties.location;
  return own === undefined ? [trimmed(warehouse.root), ...namespace].join('/') : trimmed(own);
}

/** The location property of a new namespace: below its parent, under its own name. */
export function newNamespaceLocation(
  state: CatalogState,
  warehouse: Warehouse,
  namespace: Namespace,
  requested: string | undefined,
): string {
  const name = namespace.at(-1) ?? '';
  const parent = namespace.slice(0, -1);
  const expected = `${parent.length === 0 ? trimmed(warehouse.root) : namespaceLocation(state, warehouse, parent)}/${name}/`;
  if (requested !== undefined && placeOf(requested) !== placeOf(expected)) {
    throw illegalArgument(
      `Namespace ${name} has a custom location, which is not enabled. ` +
        `Expected location: [${expected}]. Got location: [${requested}]`,
    );
  }
  return expected;
}

/** The locations that a table writes to. */
export function locationsUsed(location: string, properties: Record<string, string>): string[] {
  const { 'write.data.path': data, 'write.metadata.path': metadata } = properties;
  return [location, ...(data === undefined ? [] : [data]), ...(metadata === undefined ? [] : [metadata])];
}

/** The files that a table's metadata names, manifests and data files left aside. */
function filesOf({ snapshots, statistics, partitionStatistics }: KeptMetadata): string[] {
  const files = [
    ...snapshots.flatMap(({ json }) => [
      json['manifest-list'],
      ...(Array.isArray(json.manifests) ? json.manifests : []),
    ]),
    ...[...statistics, ...partitionStatistics].map(({ json }) => json['statistics-path']),
  ];
  return [...new Set(files.filter((file) => typeof file === 'string'))];
}

/** Refuses metadata that leaves the locations of the table, or names files elsewhere; `base` is what the table was before. */
export function checkFiles(identifier: TableIdentifier, metadata: KeptMetadata, base: KeptMetadata): void {
  const allowed = locationsUsed(base.location, base.properties);
  const moved = placeOf(metadata.location) === placeOf(base.location) ? [] : [metadata.location];
  refuseOutside(identifier, [`${metadata.location}/metadata/metadata.json`, ...moved, ...filesOf(metadata)], allowed);
}

function refuseOutside(identifier: TableIdentifier, locations: readonly string[], allowed: readonly string[]): void {
  const outside = locations.find((location) => !allowed.some((parent) => isWithin(location, parent)));
  if (outside === undefined) return;
  throw forbidden(
    `Invalid locations '[${locations.join(', ')}]' for identifier '${dotted(identifier)}': ` +
      `${outside} is not in the list of allowed locations: [${allowed.join(', ')}]`,
  );
}

/** Refuses locations outside the namespace, and one that another table or namespace already has. */
export function checkLocations(
  state: CatalogState,
  warehouse: Warehouse,
  identifier: TableIdentifier,
  locations: readonly string[],
): void {
  const allowed = namespaceLocation(state, warehouse, identifier.namespace);
  refuseOutside(identifier, [...locations, `${locations[0]}/metadata/metadata.json`], [allowed]);
  const [location = allowed] = locations;
  const others = [
    ...state.childrenOf(identifier.namespace).map(({ namespace }) => namespaceLocation(state, warehouse, namespace)),
    ...[...state.tables.values()]
      .filter((other) => dotted(other) !== dotted(identifier))
      .map((other) => other.location),
  ];
  const conflict = others.find((other) => isWithin(location, other) || isWithin(other, location));
  if (conflict !== undefined) {
    throw forbidden(
      `Unable to create entity at location '${location}' because it conflicts with existing table or namespace ` +
        `at location '${conflict}'`,
    );
  }
}
