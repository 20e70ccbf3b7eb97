import { SkuaError } from '../errors.js';

/** Largest object that is read in one piece, in bytes: manifests, manifest lists, small data files. Larger ones are read by ranges. */
export const LARGEST_WHOLE_READ = 512 * 2 ** 20;

/** RESOURCE_EXHAUSTED for an object that is larger. */
export function checkWholeRead(location: string, bytes: number): void {
  if (bytes <= LARGEST_WHOLE_READ) return;
  throw new SkuaError(
    'RESOURCE_EXHAUSTED',
    `'${location}' has ${bytes} bytes; metadata files of more than ${LARGEST_WHOLE_READ} bytes are not read.`,
  );
}
