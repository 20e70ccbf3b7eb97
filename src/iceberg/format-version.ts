import { SkuaError } from '../errors.js';

export type FormatVersion = 1 | 2 | 3;

/** A format version as metadata or the table property `format-version` gives it. Later ones: UNIMPLEMENTED; what is none: INVALID_ARGUMENT. */
export function knownFormatVersion(given: number | string): FormatVersion {
  const version = Number(given);
  if (version === 1 || version === 2 || version === 3) return version;
  if (!Number.isInteger(version) || version < 1) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `"${given}" is no Iceberg format version; versions 1, 2 and 3 are supported`,
    );
  }
  throw new SkuaError('UNIMPLEMENTED', `Iceberg format version ${version} is not supported; versions 1, 2 and 3 are`);
}
