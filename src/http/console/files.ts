/** The console's files as they were built: read once, sent compressed where that is understood. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

export interface ConsoleFile {
  type: string;
  plain: Buffer;
  gzipped: Buffer;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** By their path below the folder, with slashes; undefined where the console was not built. */
export async function readFiles(folder: string): Promise<ReadonlyMap<string, ConsoleFile> | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return undefined;
  const files = entries.filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined);
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }): Promise<[string, ConsoleFile]> => {
        const path = join(parentPath, name);
        const plain = await readFile(path);
        const file = { type: TYPES[extname(name)] as string, plain, gzipped: await promisify(gzip)(plain) };
        return [relative(folder, path).split(sep).join('/'), file];
      }),
    ),
  );
}
