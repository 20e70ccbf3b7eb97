/** JSON whose integers stay exact: snapshot ids are 64 bits wide and a double is not. */
import { isSafeNumber, LosslessNumber, parse, stringify } from 'lossless-json';

/** Parses JSON; an integer that a double can't hold becomes a bigint, every other number a number. */
export function parseJson(text: string): unknown {
  return parse(text, null, (digits) =>
    /^-?\d+$/.test(digits) && !isSafeNumber(digits) ? BigInt(digits) : Number(digits),
  );
}

/** The same, but a number that is written with a fraction or an exponent stays as it is written where a number would lose that. */
export function parseJsonAsWritten(text: string): unknown {
  return parse(text, null, (digits) => {
    if (/^-?\d+$/.test(digits)) return isSafeNumber(digits) ? Number(digits) : BigInt(digits);
    return Number.isInteger(Number(digits)) ? new LosslessNumber(digits) : Number(digits);
  });
}

/** A floating-point value as JSON that says so: readers of the table format take `1` for no double, but `1.0`. */
export function jsonFloat(value: number): unknown {
  if (!Number.isInteger(value)) return value;
  const text = Object.is(value, -0) ? '-0' : String(value);
  return new LosslessNumber(text.includes('e') ? text : `${text}.0`);
}

/** Whether a value of `parseJsonAsWritten` was written as a floating-point number. */
export function isJsonFloat(value: unknown): boolean {
  return value instanceof LosslessNumber || (typeof value === 'number' && !Number.isInteger(value));
}

/** Writes JSON; bigints become plain integers. */
export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, null, indent) ?? 'null';
}
