import type { ParquetSource } from './contract.js';

/** The local files that delete rows of these, each once. Data files that the same ones apply to have them as one array. */
export function deletePaths(files: readonly ParquetSource[]): Set<string> {
  const positions = new Set(files.map(({ positionDeletes }) => positionDeletes));
  const equality = new Set(files.map(({ equalityDeletes }) => equalityDeletes));
  return new Set([...[...positions].flat(), ...[...equality].flat().map(({ path }) => path)]);
}
