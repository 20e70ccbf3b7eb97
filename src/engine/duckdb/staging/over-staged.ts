/** Work over what was staged, done again with what is fetched anew where files turn out to be damaged. */
import type { BoundStatement } from '../../contract.js';
import type { EngineInstance } from '../contract.js';
import { profileOf } from '../profile.js';
import type { Caches } from './caches.js';
import { DamagedFiles, UnreadableCopies } from './damaged-files.js';
import { LocalFiles } from './local-files.js';
import { withoutValues } from './restricted-errors.js';
import type { SharedLinks } from './shared-links.js';
import {
  demandsOf,
  type PlannedStatement,
  type StagedStatement,
  type StatementInput,
  stageStatement,
} from './stage-statement.js';
import type { Staging } from './stage-tables.js';

/** Where statements run, and where their files lie. */
export interface Workplace {
  engine: EngineInstance;
  caches: Caches;
  /** The session's own folder. */
  directory: string;
  /** The links in it that the session's statements share. */
  links: SharedLinks;
}

/** Stages a statement and does the work over it. The caller releases the local files, also after a failure later on. */
export async function overStaged<T>(
  place: Workplace,
  statement: BoundStatement,
  input: StatementInput,
  work: (staged: StagedStatement) => Promise<T>,
): Promise<{ staged: StagedStatement; result: T }> {
  const demands = await demandsOf(place.engine, statement, input);
  return overPlanned(place, { statement, demands }, input, work);
}

/** The same where it is known what the statement asks of its tables. */
export async function overPlanned<T>(
  place: Workplace,
  planned: PlannedStatement,
  input: StatementInput,
  work: (staged: StagedStatement) => Promise<T>,
): Promise<{ staged: StagedStatement; result: T }> {
  const { statement } = planned;
  try {
    return await againIfDamaged(async () => {
      const local = new LocalFiles(place.caches, place.directory, input.signal, place.links);
      const staging = { engine: place.engine, caches: place.caches, local };
      const stage = async () => {
        const staged = await stageStatement(staging, planned);
        statement.onStaged?.(() => profileOf(staged));
        return staged;
      };
      return attempt(staging, stage, work);
    });
  } catch (error) {
    throw withoutValues(statement, error);
  }
}

/** The same for work that is over when it returns. */
export async function whileStaged<T>(...given: Parameters<typeof overStaged<T>>): Promise<T> {
  const { staged, result } = await overStaged(...given);
  await staged.local.release();
  return result;
}

/** Whether what was damaged may be sound when it is fetched anew, or read from where it came. */
export function isWorthRepeating(error: unknown): boolean {
  return error instanceof UnreadableCopies || (error instanceof DamagedFiles && error.cameFromStore);
}

async function againIfDamaged<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isWorthRepeating(error)) throw error;
    return work();
  }
}

async function attempt<T>(
  { engine, local }: Staging,
  stage: () => Promise<StagedStatement>,
  work: (staged: StagedStatement) => Promise<T>,
): Promise<{ staged: StagedStatement; result: T }> {
  let staged: StagedStatement | undefined;
  try {
    staged = await stage();
    return { staged, result: await work(staged) };
  } catch (error) {
    // What staging itself fails with speaks of the store; only the engine speaks of local copies.
    const failure = staged ? await local.failureOf(error, engine, staged.scans) : error;
    await local.release();
    throw failure;
  }
}
