import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, realpath, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { SkuaError } from '../errors.js';
import type { ByteRange, Storage } from './contract.js';
import { parseLocation } from './location.js';
import { checkWholeRead } from './whole.js';

/** Local files below the allowed roots. Symbolic links are resolved before the check, so none leads out. */
export function createLocalStorage(roots: readonly string[]): Storage {
  return {
    async read(location, range, signal) {
      return readLocal(await resolveLocal(location, roots), location, range, signal);
    },
    async size(location) {
      const path = await resolveLocal(location, roots);
      return (await translate(location, 'read', () => stat(path))).size;
    },
    async write(location, bytes) {
      await place(location, roots, (path) => writeFile(path, bytes, { flag: 'wx' }));
    },
    async upload(location, source, signal) {
      await place(location, roots, async (path) => {
        signal?.throwIfAborted();
        await copyFile(source, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
        signal?.throwIfAborted();
      });
    },
    async remove(locations) {
      let failure: unknown;
      for (const location of locations) {
        try {
          const path = await resolveLocal(location, roots);
          await translate(location, 'remove', () => unlink(path)).catch(ignoreMissing);
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
    },
    async *list(prefix) {
      const given = pathOf(prefix);
      const start = given.endsWith(sep) ? given : dirname(given);
      const root = await resolveLocal(start, roots);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const real = join(entry.parentPath, entry.name);
        const path = join(start, relative(root, real));
        if (!path.startsWith(given)) continue;
        yield { location: prefix.slice(0, prefix.length - given.length) + path, size: (await stat(real)).size };
      }
    },
  };
}

/**
 * The real path of a location whose file need not exist. PERMISSION_DENIED where it is not below an allowed root.
 */
export async function resolveLocal(location: string, roots: readonly string[]): Promise<string> {
  const path = await realPathOfAncestor(pathOf(location));
  for (const root of roots) {
    const real = await realpath(root).catch(() => root);
    if (path === real || path.startsWith(real.endsWith(sep) ? real : real + sep)) return path;
  }
  throw new SkuaError(
    'PERMISSION_DENIED',
    `The local file '${location}' is outside the folders that the server may use.`,
  );
}

function pathOf(location: string): string {
  const parsed = parseLocation(location);
  if (parsed.store !== 'file') throw new SkuaError('INVALID_ARGUMENT', `'${location}' is not a local file.`);
  if (parsed.path.includes('\0')) throw new SkuaError('INVALID_ARGUMENT', 'A location holds a NUL character.');
  return join(parsed.path);
}

async function realPathOfAncestor(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || path === dirname(path)) throw mapLocalError(error, path, 'read');
    return join(await realPathOfAncestor(dirname(path)), basename(path));
  }
}

async function readLocal(
  path: string,
  location: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return translate(location, 'read', async () => {
    signal?.throwIfAborted();
    const handle = await open(path, 'r');
    try {
      const size = (await handle.stat()).size;
      const offset = range?.offset ?? 0;
      const length = range?.length ?? size;
      if (!range) checkWholeRead(location, size);
      if (offset + length > size) {
        throw new SkuaError(
          'OUT_OF_RANGE',
          `'${location}' has ${size} bytes; ${offset} to ${offset + length} were asked for.`,
        );
      }
      const buffer = Buffer.allocUnsafeSlow(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw new SkuaError('DATA_LOSS', `'${location}' ended while it was read.`);
        done += bytesRead;
      }
      return buffer;
    } finally {
      await handle.close();
    }
  });
}

/** Fills a temporary neighbour and links it to its name, which fails where the name is taken and never shows a half-written file. */
async function place(location: string, roots: readonly string[], fill: (path: string) => Promise<void>): Promise<void> {
  const path = await resolveLocal(location, roots);
  const temporary = join(dirname(path), `.${randomUUID()}.part`);
  await translate(location, 'write', async () => {
    await mkdir(dirname(path), { recursive: true });
    try {
      await fill(temporary);
      await link(temporary, path);
    } finally {
      await unlink(temporary).catch(ignoreMissing);
    }
  });
}

async function translate<T>(location: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mapLocalError(error, location, verb);
  }
}

function mapLocalError(error: unknown, location: string, verb: string): SkuaError {
  if (error instanceof SkuaError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new SkuaError('CANCELLED', 'The request was cancelled.');
  const code = (error as NodeJS.ErrnoException)?.code;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SkuaError('NOT_FOUND', `The file '${location}' does not exist.`);
    case 'ENAMETOOLONG':
      if (verb !== 'write') return new SkuaError('NOT_FOUND', `The file '${location}' does not exist.`);
      return new SkuaError('INVALID_ARGUMENT', `A name in '${location}' is too long for a file.`);
    case 'EEXIST':
      return new SkuaError('ALREADY_EXISTS', `The file '${location}' exists already.`);
    case 'EACCES':
    case 'EPERM':
      return new SkuaError('PERMISSION_DENIED', `The server may not ${verb} '${location}'.`);
    case 'ENOSPC':
      return new SkuaError('RESOURCE_EXHAUSTED', `There is no room left to write '${location}'.`);
    default:
      return new SkuaError('UNAVAILABLE', `Could not ${verb} '${location}'${code ? ` (${code})` : ''}.`, {
        cause: error,
      });
  }
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException)?.code;
  // A file whose name is longer than names may be can't exist.
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG';
}

function ignoreMissing(error: unknown): void {
  if (error instanceof SkuaError ? error.code !== 'NOT_FOUND' : !isMissing(error)) throw error;
}
