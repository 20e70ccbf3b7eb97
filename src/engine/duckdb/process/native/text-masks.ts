/** Masks of texts in UTF-8 (Iceberg REST specification, `ReadRestrictions`). */

/** How many code points stay as they are, at the start and at the end. A text of no more than these stays whole. */
export interface KeptPoints {
  first: number;
  last: number;
}

/** A text in memory, `to` excluded. */
export interface TextBytes {
  bytes: Uint8Array;
  from: number;
  to: number;
}

const [LETTER, DIGIT] = [0x78, 0x6e];

/** What stands for the code point that begins with a byte; 0 for bytes that none begins with. */
const MASKED = new Uint8Array(256).fill(LETTER);
MASKED.fill(DIGIT, 0x30, 0x3a);
MASKED.fill(0, 0x80, 0xc0);
for (const sign of '(),.@-') MASKED[sign.charCodeAt(0)] = sign.charCodeAt(0);

/** Writes the masked text to `target` from `at` on, where it takes no more bytes than it has, and gives the end of it. */
export function maskText(text: TextBytes, kept: KeptPoints, target: Uint8Array, at: number): number {
  const { bytes, from, to } = text;
  const start = pointsAfter(text, kept.first);
  const rest = pointsBefore(text, kept.last);
  const isShort = kept.first + kept.last > 0 && (start === to || rest === from);
  let end = at;
  for (let index = from; index < (isShort ? to : start); index++) target[end++] = bytes[index] as number;
  if (isShort) return end;
  for (let index = start; index < rest; index++) {
    const masked = MASKED[bytes[index] as number] as number;
    target[end] = masked;
    if (masked !== 0) end++;
  }
  for (let index = rest; index < to; index++) target[end++] = bytes[index] as number;
  return end;
}

function pointsAfter({ bytes, from, to }: TextBytes, count: number): number {
  let index = from;
  for (let point = 0; point < count && index < to; point++) {
    index++;
    while (index < to && isInner(bytes[index])) index++;
  }
  return index;
}

function pointsBefore({ bytes, from, to }: TextBytes, count: number): number {
  let index = to;
  for (let point = 0; point < count && index > from; point++) {
    index--;
    while (index > from && isInner(bytes[index])) index--;
  }
  return index;
}

function isInner(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
