import { open } from 'node:fs/promises';
import { parseFooter, type WrittenFile } from '../../../../parquet/index.js';

/** What follows the footer: its length, and the magic bytes. */
const TAIL = 8;

/** Where the row groups of a local file begin, in bytes. */
export async function rowGroupOffsets({ path, fileSize, footerSize }: WrittenFile): Promise<number[]> {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(footerSize + TAIL);
    await file.read(bytes, 0, bytes.length, fileSize - bytes.length);
    const { rowGroups } = parseFooter(bytes, path, fileSize);
    return rowGroups.map(({ chunks }) => Math.min(...chunks.map(({ range }) => range.offset)));
  } finally {
    await file.close();
  }
}
