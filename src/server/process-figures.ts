/** What the operating system says of engine processes and of what they keep on disk. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Resident memory of a process in bytes, shared pages included; undefined where the system does not say. */
export async function memoryOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Bytes that the engine has spilled, of all sessions whose folders lie in `sessionFolders`. */
export async function spilledBytes(sessionFolders: string): Promise<number> {
  const sessions = await namesIn(sessionFolders);
  const sizes = await Promise.all(sessions.map((session) => sizeOfFiles(join(sessionFolders, session, '.spill'))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOfFiles(folder: string): Promise<number> {
  const sizes = await Promise.all(
    (await namesIn(folder)).map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Folders and files come and go while they are looked at. */
function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
