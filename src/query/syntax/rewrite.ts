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
  const isInOrder = edits.every((edit, index) => index === 0 || byPlace(edits[index - 1] as Edit, edit) <= 0);
  return isInOrder ? edits : [...edits].sort(byPlace);
}

/** What is put in stands before what it is put in front of. */
function byPlace(a: Edit, b: Edit): number {
  return a.start - b.start || a.end - b.end;
}
