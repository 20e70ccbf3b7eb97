/** Errors of reading files: the caller knows them by their locations, the engine by the names of their local copies. */
import { basename } from 'node:path';
import { SkuaError } from '../../../errors.js';
import type { TableScan } from '../../contract.js';

const NAME = /…\/([\w.-]+)/g;
const CAST = /failed to cast column "(.*?)" from type (.+?) to (.+?): (?:: )?(.*?)(?: In file .*)?$/s;
const GONE = /No files found that match the pattern|No such file or directory/;

/**
 * The error with the locations of files. A value that is none of the column's type: DATA_LOSS. A local copy that somebody removed: UNAVAILABLE.
 */
export function namingFiles(error: unknown, scans: readonly TableScan[]): unknown {
  if (!(error instanceof SkuaError) || !error.message.includes('…/')) return error;
  const locations = locationsOf(scans);
  const named = [...error.message.matchAll(NAME)].flatMap(([, name = '']) => locations.get(name) ?? []);
  const [location] = named;
  if (location === undefined) return error;
  const cast = CAST.exec(error.message);
  if (cast) {
    const [, column, own, type, reason] = cast;
    return new SkuaError(
      'DATA_LOSS',
      `${location} has values of the type ${own} in the column "${column}", which are no ${type}: ${reason}`,
      { cause: error },
    );
  }
  if (GONE.test(error.message)) {
    return new SkuaError('UNAVAILABLE', `the local copy of ${location} is gone; run the statement again`, {
      cause: error,
    });
  }
  const message = error.message.replace(NAME, (text, name: string) => locations.get(name) ?? text);
  return new SkuaError(error.code, message, { cause: error });
}

/** By the names of the local copies. */
function locationsOf(scans: readonly TableScan[]): Map<string, string> {
  const locations = new Map<string, string>();
  for (const { source } of scans) {
    if (source?.kind !== 'parquet') continue;
    for (const { path, location, positionDeletes, equalityDeletes } of source.files) {
      locations.set(basename(path), location);
      const deletes = [...positionDeletes, ...equalityDeletes.map((file) => file.path)];
      for (const file of deletes) locations.set(basename(file), `a delete file of ${location}`);
    }
  }
  return locations;
}
