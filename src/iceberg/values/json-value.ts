/** JSON single-value serialization (Iceberg spec, Appendix D) as literals of the engine. */

import { decimalText } from '../../decimal-text.js';
import { SkuaError } from '../../errors.js';
import type { Literal } from '../../expressions/index.js';
import type { Type } from '../types.js';

/** A default value as a literal. Defaults of nested and of untyped columns: UNIMPLEMENTED. */
export function jsonToLiteral(type: Type, json: unknown): Literal {
  const text = String(json);
  switch (type.kind) {
    case 'decimal':
      return { type: 'decimal', text: plainDecimal(text, type.scale) };
    case 'fixed':
      return { type: 'binary', text: text.toLowerCase() };
    case 'primitive':
      switch (type.type) {
        case 'boolean':
        case 'string':
        case 'date':
        case 'time':
          return { type: type.type, text };
        case 'int':
        case 'long':
          return { type: 'integer', text };
        case 'float':
        case 'double':
          return { type: 'float', text };
        case 'timestamp':
        case 'timestamp_ns':
          return { type: 'timestamp', text };
        case 'timestamptz':
        case 'timestamptz_ns':
          return { type: 'timestamptz', text };
        case 'uuid':
        case 'binary':
          return { type: type.type, text: text.toLowerCase() };
      }
  }
  throw new SkuaError('UNIMPLEMENTED', `A default value for a column of type ${type.kind} is not supported`);
}

/** A decimal without exponent, with exactly `scale` digits after the point. */
function plainDecimal(text: string, scale: number): string {
  const unscaled = unscaledDecimal(text, scale);
  if (unscaled === undefined) throw new SkuaError('DATA_LOSS', `"${text}" is not a decimal of scale ${scale}`);
  return decimalText(unscaled, scale);
}

/** The unscaled integer of a decimal text at a scale; undefined where it is no decimal or has more digits than the scale holds. */
export function unscaledDecimal(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text.trim());
  if (!match || `${match[2] ?? ''}${match[3] ?? ''}` === '') return undefined;
  const fraction = match[3] ?? '';
  const digits = BigInt(`${match[2] ?? ''}${fraction}`);
  const signed = match[1] === '-' ? -digits : digits;
  const shift = scale - fraction.length + Number(match[4] ?? 0);
  if (shift >= 0) return signed * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return signed % divisor === 0n ? signed / divisor : undefined;
}
