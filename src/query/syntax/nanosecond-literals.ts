/** Literals of times in nanoseconds, which the engine knows by the names of types of its own. */
import { outermostTimeSql } from '../../expressions/index.js';
import { parseValue } from '../../iceberg/index.js';
import type { Token, Tokens } from '../../sql/index.js';
import type { Edit } from './rewrite.js';

/** `TIMESTAMP '…'` and `TIMESTAMPTZ '…'` with more than six digits behind the second, of which the engine would drop those. */
export function nanosecondLiteral(tokens: Tokens, index: number, keyword: string): Edit | undefined {
  if (keyword !== 'TIMESTAMP' && keyword !== 'TIMESTAMPTZ') return undefined;
  const isLong = ['WITH', 'WITHOUT'].includes(tokens.at(index + 1)?.keyword ?? '');
  const words = tokens.slice(index, index + (isLong ? 4 : 1));
  const spelt = words.map((word) => word.keyword).join(' ');
  const isZoned = spelt === 'TIMESTAMPTZ' || spelt === 'TIMESTAMP WITH TIME ZONE';
  if (!isZoned && spelt !== 'TIMESTAMP' && spelt !== 'TIMESTAMP WITHOUT TIME ZONE') return undefined;
  const literal = tokens.at(index + words.length);
  if (literal?.kind !== 'string' || !/:\d\d\.\d{7,9}(?!\d)/.test(literal.text)) return undefined;
  const start = tokens.start(index);
  const outermost = outermostSql(literal.text, isZoned);
  if (outermost !== undefined) return { start, end: literal.end, text: outermost };
  return { start, end: (words.at(-1) as Token).end, text: isZoned ? 'TIMESTAMPTZ_NS' : 'TIMESTAMP_NS' };
}

/** What stands for a time that the engine has no text for; undefined for others, and for moments without an offset, which hang on the session's zone. */
function outermostSql(text: string, isZoned: boolean): string | undefined {
  if (isZoned && !/(?:Z|[+-]\d\d(?::?\d\d)?)\s*$/i.test(text)) return undefined;
  const count = parseValue({ kind: 'primitive', type: 'timestamp_ns' }, text);
  return typeof count === 'bigint' ? outermostTimeSql(count, isZoned) : undefined;
}
