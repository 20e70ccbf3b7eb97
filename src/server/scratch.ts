/** The server's own folder for what must not outlive it: cached ranges, staged files. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Makes a folder below `base`, and removes those of servers that ended without removing theirs. */
export async function makeScratch(base: string): Promise<string> {
  const leftovers = (await readdir(base)).map((name) => join(base, name)).filter(isLeftover);
  for (const path of leftovers) if (await isOwn(path)) await rm(path, { recursive: true, force: true });
  const path = await mkdtemp(join(base, `skua-${process.pid}-`));
  ownFolders.add(path);
  return path;
}

/** Of this process. In a container a server that ended often had the very id that this one has. */
const ownFolders = new Set<string>();

const made = /^skua-(\d+)-\w{6}$/;

function isLeftover(path: string): boolean {
  const id = Number(made.exec(basename(path))?.[1]);
  return id > 0 && !ownFolders.has(path) && (id === process.pid || !isRunning(id));
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isOwn(path: string): Promise<boolean> {
  const entry = await stat(path).catch(() => undefined);
  return entry?.isDirectory() === true && entry.uid === (process.getuid?.() ?? entry.uid);
}
