import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SkuaError } from '../../errors.js';
import { isWithin, placeOf, type Warehouse } from './contract.js';

/** A warehouse in a folder of the local disk; clients on the same machine reach its files by `file://` locations. */
export async function localWarehouse(folder: string): Promise<Warehouse> {
  const path = resolve(folder);
  await mkdir(path, { recursive: true });
  const root = `file://${path}`;
  const pathOf = (location: string): string => {
    if (!isWithin(location, root)) throw new SkuaError('PERMISSION_DENIED', `${location} is outside the warehouse`);
    return placeOf(location).slice('file://'.length);
  };
  return {
    root,
    properties: {},
    async read(location) {
      try {
        return await readFile(pathOf(location));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(location, bytes) {
      const file = pathOf(location);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes, { flag: 'wx' });
    },
    remove: (location) => rm(pathOf(location), { force: true }),
    async removeTree(location) {
      const folder = pathOf(location);
      if (folder !== path) await rm(folder, { recursive: true, force: true });
    },
    vending: 'none',
  };
}
