import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/engine/duckdb/process/native/database.js';
import { addPageChecksums, pagesAreSound, parseFooter } from '../../src/parquet/index.js';

let directory: string;
let database: Database;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'skua-checksums-'));
  database = await Database.open({ threads: '2' });
});
afterAll(async () => {
  await database.close();
  rmSync(directory, { recursive: true, force: true });
});

async function rows(sql: string): Promise<(string | null)[][]> {
  const connection = database.connect();
  try {
    return await connection.rows(sql);
  } finally {
    await connection.close();
  }
}

const content = `SELECT range AS id, 'text ' || hash(range) AS text, range % 3 AS few, [range, NULL, 1] AS list,
  CASE WHEN range % 5 > 0 THEN {'x': range / 7, 'y': 'y'} END AS struct FROM range(20000)`;

async function write(name: string, codec: string): Promise<string> {
  const path = join(directory, name);
  await rows(`COPY (${content}) TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 6000)`);
  return path;
}

async function whole(path: string) {
  const bytes = await readFile(path);
  return { bytes, footer: parseFooter(bytes, path, bytes.length), ranges: [{ offset: 0, length: bytes.length }] };
}

describe.each(['zstd', 'snappy', 'gzip', 'uncompressed'])('pages compressed with %s', (codec) => {
  it('hold the same rows, statistics and bloom filters once they have checksums', async () => {
    const plain = await write(`plain ${codec}.parquet`, codec);
    const path = join(directory, `${codec}.parquet`);
    await copyFile(plain, path);
    const sizes = await addPageChecksums(path);
    expect(sizes.fileSize).toBe((await stat(path)).size);
    expect(sizes.fileSize).toBeGreaterThan((await stat(plain)).size);
    for (const sql of [
      'SELECT * FROM FILE',
      "SELECT * FROM FILE WHERE few = 2 AND text > 'text 9'",
      'SELECT * FROM FILE WHERE id = 12345',
      'SELECT row_group_id, path_in_schema, num_values, stats_min_value, stats_max_value, stats_null_count, bloom_filter_length FROM parquet_metadata(FILE)',
    ]) {
      const [found, wanted] = [path, plain].map((file) => rows(sql.replace('FILE', `'${file}'`)));
      expect(await found, sql).toEqual(await wanted);
    }
  });

  it('tell when a bit of them is not what was written', async () => {
    const path = await write(`sound ${codec}.parquet`, codec);
    await addPageChecksums(path);
    const { bytes, footer, ranges } = await whole(path);
    expect(await pagesAreSound(path, footer, ranges)).toBe(true);
    // What is not in a header, which no checksum covers.
    const chunks = footer.rowGroups
      .flatMap((group) => group.chunks.map(({ range }) => range))
      .filter(({ length }) => length > 1000);
    expect(chunks.length).toBeGreaterThan(3);
    const damaged = join(directory, `damaged ${codec}.parquet`);
    for (const { offset, length } of chunks) {
      for (const part of [0.3, 0.6, 0.99]) {
        const copy = Buffer.from(bytes);
        const at = offset + Math.floor(length * part);
        copy[at] = (copy[at] as number) ^ (1 << (at % 8));
        await writeFile(damaged, copy);
        expect(await pagesAreSound(damaged, footer, ranges), `${at}`).toBe(false);
      }
    }
  });

  it('without checksums are taken as they are', async () => {
    const path = await write(`none ${codec}.parquet`, codec);
    const { footer, ranges } = await whole(path);
    expect(await pagesAreSound(path, footer, ranges)).toBe(true);
  });
});
