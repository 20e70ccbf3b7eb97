import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, unlink as removeName } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Gives a file a second, unguessable name inside a session's own directory, so that it outlives its eviction and no other session can name
 * it. A hard link; a copy across file systems or where linking is not allowed.
 */
export async function linkInto(path: string, directory: string): Promise<{ name: string; isCopy: boolean }> {
  const name = join(directory, `${randomBytes(16).toString('hex')}.parquet`);
  try {
    await link(path, name);
    return { name, isCopy: false };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EXDEV' && code !== 'EPERM' && code !== 'EMLINK' && code !== 'ENOTSUP') throw error;
    await copyFile(path, name, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
  return { name, isCopy: true };
}

export async function unlink(name: string): Promise<void> {
  await removeName(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
