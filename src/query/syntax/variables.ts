/** `getvariable('name')` in a text. */
import { SkuaError } from '../../errors.js';
import type { Tokens } from '../../sql/index.js';
import type { Edit } from './rewrite.js';

/** The SQL of a variable's value. */
export type VariableValue = (name: string) => string;

/** The edit for a call that begins at a token; undefined for anything else. A name that is no text: INVALID_ARGUMENT. */
export function variableEdit(tokens: Tokens, index: number, variables: VariableValue): Edit | undefined {
  const [call, open, name, close] = tokens.slice(index, index + 4);
  if (call?.keyword !== 'GETVARIABLE' || open?.text !== '(') return undefined;
  if (name?.kind !== 'string' || close?.text !== ')') {
    throw new SkuaError('INVALID_ARGUMENT', "getvariable takes the name of a variable as a text: getvariable('name')");
  }
  return { start: call.start, end: close.end, text: variables(name.text) };
}
