/** Arrow extension types of spatial values in well-known binary (GeoArrow, "Extension Metadata"). */
import type { Field } from 'apache-arrow';
import { SkuaError } from '../errors.js';
import { EXTENSION_METADATA_KEY, EXTENSION_NAME_KEY } from './arrow-field.js';
import { defaultCrs } from './schema.js';
import type { Type } from './types.js';

/** What a field holds if it is spatial. A coordinate system that has no name of an authority's: INVALID_ARGUMENT. */
export function spatialType({ name, metadata }: Field): Type | undefined {
  if (metadata.get(EXTENSION_NAME_KEY) !== 'geoarrow.wkb') return undefined;
  const { crs, edges } = parsed(metadata.get(EXTENSION_METADATA_KEY)) as { crs?: unknown; edges?: unknown };
  const named = crs === undefined || crs === null ? defaultCrs : crsName(crs);
  if (named === undefined) {
    const message = `Column "${name}" is of a coordinate system without an identifier such as EPSG:4326`;
    throw new SkuaError('INVALID_ARGUMENT', message);
  }
  if (typeof edges !== 'string' || edges === 'planar') return { kind: 'geometry', crs: named };
  return { kind: 'geography', crs: named, algorithm: edges };
}

function parsed(text: string | undefined): object {
  try {
    return Object(JSON.parse(text || '{}'));
  } catch {
    return {};
  }
}

/** A name, or the identifier that PROJJSON ends with. */
function crsName(crs: unknown): string | undefined {
  if (typeof crs === 'string') return crs === '' ? undefined : crs;
  const { id } = Object(crs) as { id?: { authority?: unknown; code?: unknown } };
  return id?.authority !== undefined && id.code !== undefined ? `${id.authority}:${id.code}` : undefined;
}
