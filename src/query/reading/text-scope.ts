/** Where a text stands: that of the statement, or that of a view in it. */
import { SkuaError } from '../../errors.js';
import type { NameContext, TableName } from '../tables/names.js';

const DEEPEST_VIEW = 16;

/** How names in it are looked up, in how many views it is, and whether it sees what belongs to the session. */
export interface TextScope {
  names: NameContext;
  depth: number;
  /** The catalogs' views around it, outermost first. */
  views: readonly TableName[];
  isOwn: boolean;
}

/** The scope of a view's text. */
export function within(
  { names, depth }: TextScope,
  view: string,
  { session, isOwn, views }: Pick<NameContext, 'session'> & Pick<TextScope, 'isOwn' | 'views'>,
): TextScope {
  if (depth >= DEEPEST_VIEW) {
    throw new SkuaError('INVALID_ARGUMENT', `View ${view} is nested too deeply, or refers to itself`);
  }
  return { names: { catalogs: names.catalogs, session }, depth: depth + 1, views, isOwn };
}
