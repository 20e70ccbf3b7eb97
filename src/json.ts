/** JSON whose integers stay exact: snapshot ids are 64 bits wide and a double is not. */
import { isSafeNumber, parse, stringify } from 'lossless-json';

/** Parses JSON; an integer that a double can't hold becomes a bigint, every other number a number. */
export function parseJson(text: string): unknown {
  return parse(text, null, (digits) =>
    /^-?\d+$/.test(digits) && !isSafeNumber(digits) ? BigInt(digits) : Number(digits),
  );
}

/** Writes JSON; bigints become plain integers. */
export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, null, indent) ?? 'null';
}
