/** Bounds of a column in a manifest entry (Iceberg spec, Appendix D, "Single-value serialization"). */
import type { Type } from '../types.js';
import { encodeValue, type Value } from '../values/single-value.js';
import type { MetricsMode } from './metrics-mode.js';
import { truncateLower, truncateUpper } from './truncate-bounds.js';

/** Undefined for NaN, which is none, and for a text that no shorter one bounds. */
export function columnBound(
  type: Type,
  value: Value,
  mode: MetricsMode,
  side: 'lower' | 'upper',
): Uint8Array | undefined {
  if (Number.isNaN(value)) return undefined;
  if (value === 0 && type.kind === 'primitive' && (type.type === 'float' || type.type === 'double')) {
    return encodeValue(type, side === 'lower' ? -0 : 0);
  }
  if (typeof value === 'string' && mode.kind === 'truncate') {
    const truncated = side === 'lower' ? truncateLower(value, mode.length) : truncateUpper(value, mode.length);
    return truncated === undefined ? undefined : encodeValue(type, truncated);
  }
  return encodeValue(type, value);
}
