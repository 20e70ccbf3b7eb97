import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenFile } from '../../../parquet/index.js';
import type { WriteOptions } from '../contract.js';
import type { Workplace } from '../staging/over-staged.js';
import type { StagedStatement } from '../staging/stage-statement.js';

/** A folder of the session's for files that the engine writes. */
export interface WriteFolder {
  path: string;
  remove(): Promise<void>;
}

export async function makeFolder({ directory }: Workplace): Promise<WriteFolder> {
  const path = join(directory, randomUUID());
  await mkdir(path);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Does the work in a folder that is gone afterwards. */
export async function inFolder<T>(place: Workplace, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder(place);
  try {
    return await work(folder.path);
  } finally {
    await folder.remove();
  }
}

/** Writes the rows of a staged statement as Parquet files in a folder. */
export async function writeStaged(
  { engine, sql, scans, local }: StagedStatement,
  folder: string,
  options: Omit<WriteOptions, 'directory' | 'fetch'>,
): Promise<WrittenFile[]> {
  // What an attempt left that failed must not be taken for rows of the next.
  const directory = await mkdtemp(join(folder, 'rows-'));
  return engine.writeParquet(sql, scans, { ...options, fetch: local.fetchMissing, directory });
}
