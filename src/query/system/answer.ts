import type { Principal } from '../../auth/index.js';
import { SkuaError } from '../../errors.js';
import type { SystemSource } from './contract.js';

/** What a server answers to another that asks for a caller: entries, or whether it stopped the statement. Of no known kind: INVALID_ARGUMENT. */
export async function answerSystemQuestion(
  source: SystemSource,
  principal: Principal,
  question: unknown,
): Promise<unknown[]> {
  const { stop, list } = (question ?? {}) as Partial<Record<'stop' | 'list', unknown>>;
  if (typeof stop === 'string') return [await source.stop(principal, stop)];
  switch (list) {
    case 'statements':
    case 'sessions':
    case 'nodes':
    case 'caches':
      return source[list](principal);
  }
  throw new SkuaError('INVALID_ARGUMENT', 'the question is none that servers ask one another');
}
