/** Filters as EXPLAIN writes them, which is for people: cut at each line break, and not everything in quotes. */
import { DataType, type Field } from 'apache-arrow';
import { scan, type Tokens } from '../../../../sql/index.js';
import { holds } from '../types/nested.js';
import { listOf } from './plan.js';

/** Stands for filters of which it can't be told where one ends and what belongs to a constant. It is no expression. */
const UNREADABLE = '';

/** The filters of one operator; where they were cut inside of a constant, or one could be taken for another, only that there are some. */
export function filtersOf(written: string | string[] | undefined): string[] {
  const texts = listOf(written);
  return texts.map(scan).every(isWhole) ? texts : [UNREADABLE];
}

/** The same of a scan, which writes the path to a field of a struct without quotes. */
export function filtersOfScan(written: string | string[] | undefined, fields: readonly Field[]): string[] {
  const texts = filtersOf(written);
  const isCertain = !fields.some((field) => holds(field, isOddStruct)) || !texts.some(namesPath);
  return isCertain ? texts : [UNREADABLE];
}

/**
 * Whether a scan would leave wanted rows out: of alternatives that are all about one column, the engine takes `column IS DISTINCT FROM constant`
 * for never true where the statistics say that the column is null throughout.
 */
export function skipsNulls(written: string | string[] | undefined): boolean {
  const text = listOf(written).join(' ');
  return /IS DISTINCT FROM/.test(text) && /\bOR\b/.test(text);
}

export function isReadable(text: string): boolean {
  return text !== UNREADABLE;
}

/** A piece of a constant leaves a quote or a bracket open. Variants, and the tags of unions, are written without quotes. */
function isWhole(tokens: Tokens): boolean {
  if (tokens.unclosed) return false;
  let depth = 0;
  for (let index = 0; index < tokens.length; index++) {
    depth += tokens.nesting(index);
    if (depth < 0 || (tokens.isSymbol(index + 1, '(') && isUnquoted(tokens, index))) return false;
  }
  return depth === 0;
}

function isUnquoted(tokens: Tokens, index: number): boolean {
  const name = tokens.isWord(index) ? tokens.at(index)?.keyword : undefined;
  return name === 'VARIANT' || name === 'UNION_VALUE';
}

function namesPath(text: string): boolean {
  const tokens = scan(text);
  for (let index = 0; index < tokens.length; index++) {
    if (tokens.isWord(index) && tokens.isSymbol(index + 1, '.')) return true;
  }
  return false;
}

const plainName = /^[a-z_]\w*$/i;

function isOddStruct({ type }: Field): boolean {
  return DataType.isStruct(type) && (type.children as Field[]).some(({ name }) => !plainName.test(name));
}
