import { createHash, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, realpath, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { SkuaError } from '../errors.js';
import type { ByteRange, Storage } from './contract.js';
import { parseLocation } from './location.js';
import { checkWholeRead } from './read-limit.js';

/** Local files below the allowed roots. Symbolic links are resolved before the check, so none leads out. */
export function createLocalStorage(roots: readonly string[]): Storage {
  return {
    async read(location, range, signal) {
      return readLocal(await resolveLocal(location, roots), location, range, signal);
    },
    async size(location) {
      return (await statFile(await resolveLocal(location, roots), location)).size;
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
          // What a server has begun that was killed.
          if (!underWay.has(partOf(path))) await unlink(partOf(path)).catch(() => undefined);
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
    },
    async *list(prefix) {
      const given = pathOf(prefix);
      const head = prefix.slice(0, prefix.length - writtenPathOf(prefix).length);
      const start = given.endsWith(sep) ? given : dirname(given);
      const root = await resolveLocal(start, roots);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of entries) {
        if (!entry.isFile()) continue;
        const real = join(entry.parentPath, entry.name);
        const path = join(start, relative(root, real));
        if (!path.startsWith(given)) continue;
        const found = await stat(real).catch(ignoreMissing);
        if (!found) continue;
        const location = head + path;
        yield { location, size: found.size, modifiedMs: found.mtimeMs };
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
    const real = await realRoot(root);
    if (path === real || path.startsWith(real.endsWith(sep) ? real : real + sep)) return path;
  }
  throw new SkuaError(
    'PERMISSION_DENIED',
    `The local file '${location}' is outside the folders that the server may use.`,
  );
}

/** How long it is taken for known where a root leads, in milliseconds: statements ask that of each of thousands of files. */
const ROOT_LIFETIME = 1_000;
const realRoots = new Map<string, { path: Promise<string>; until: number }>();

function realRoot(root: string): Promise<string> {
  const now = performance.now();
  const known = realRoots.get(root);
  if (known && now < known.until) return known.path;
  const path = realpath(root).catch(() => root);
  realRoots.set(root, { path, until: now + ROOT_LIFETIME });
  return path;
}

/** What the disk says of a file. Pipes, devices and folders are none, and reading some would never end: PERMISSION_DENIED. */
export async function statFile(path: string, location: string): Promise<Stats> {
  return requireFile(await translate(location, 'read', () => stat(path)), location);
}

function requireFile(found: Stats, location: string): Stats {
  if (found.isFile()) return found;
  throw new SkuaError('PERMISSION_DENIED', `'${location}' is not a file: pipes, devices and folders are not read.`);
}

function pathOf(location: string): string {
  return join(writtenPathOf(location));
}

/** With all the slashes that it is written with. */
function writtenPathOf(location: string): string {
  const parsed = parseLocation(location);
  if (parsed.store !== 'file') throw new SkuaError('INVALID_ARGUMENT', `'${location}' is not a local file.`);
  if (parsed.path.includes('\0')) throw new SkuaError('INVALID_ARGUMENT', 'A location holds a NUL character.');
  return parsed.path;
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
    // Opening a pipe would wait for somebody who writes to it.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = requireFile(await handle.stat(), location);
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
  const usual = partOf(path);
  const temporary = underWay.has(usual) ? join(dirname(path), `.${randomUUID()}.part`) : usual;
  underWay.add(temporary);
  await translate(location, 'write', async () => {
    await mkdir(dirname(path), { recursive: true });
    try {
      await fill(temporary);
      await link(temporary, path);
    } finally {
      await unlink(temporary).catch(ignoreMissing);
    }
  }).finally(() => underWay.delete(temporary));
}

/** Temporary neighbours that this process is filling. */
const underWay = new Set<string>();

/** The temporary neighbour of a file, which whoever removes the file can tell, also where the file never came to be. */
function partOf(path: string): string {
  return join(dirname(path), `.${createHash('sha256').update(basename(path)).digest('hex').slice(0, 32)}.part`);
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
