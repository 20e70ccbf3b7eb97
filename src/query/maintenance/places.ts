/** Where the files of a table are. */
import type { TableMetadata } from '../../iceberg/types.js';

/** Folders, each with a slash at its end. */
export function placesOf({ location, properties }: TableMetadata): string[] {
  const places = [location, properties['write.data.path'], properties['write.metadata.path']];
  return places.flatMap((place) => (place === undefined ? [] : [asFolder(place)]));
}

export function asFolder(location: string): string {
  return `${location.replace(/\/+$/, '')}/`;
}
