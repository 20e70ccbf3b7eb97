/** Replaces pieces of a text by position. */
import { atOnce } from '../../sql/index.js';

export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** The text with every edit applied. Edits must not overlap; their order does not matter. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return atOnce(editSteps(text, edits));
}

/** As `applyEdits`, in steps. */
export function* editSteps(text: string, edits: readonly Edit[]): Generator<void, string> {
  const parts: string[] = [];
  let pieces: string[] = [];
  let position = 0;
  for (const edit of inOrder(edits)) {
    pieces.push(text.slice(position, edit.start), edit.text);
    position = edit.end;
    if (pieces.length < AT_ONCE) continue;
    parts.push(pieces.join(''));
    pieces = [];
    yield;
  }
  return [...parts, ...pieces, text.slice(position)].join('');
}

/** Pieces that are put together in one step. */
const AT_ONCE = 4096;

function inOrder(edits: readonly Edit[]): readonly Edit[] {
  let before = 0;
  for (const { start } of edits) {
    if (start < before) return [...edits].sort((a, b) => a.start - b.start);
    before = start;
  }
  return edits;
}
