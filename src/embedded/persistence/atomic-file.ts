import { open, readFile, rename } from 'node:fs/promises';
import { parseJson, writeJson } from '../../json.js';

/** The JSON document in a file, or undefined where there is no such file. */
export async function readDocument(path: string): Promise<unknown> {
  try {
    return parseJson(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces the file whole: a reader, or a process that starts after a crash, sees the old document or the new one. */
export async function writeDocument(path: string, document: unknown): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(writeJson(document, 2));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
