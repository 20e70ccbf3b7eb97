import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { misleadingBloomFilters, parseFooter } from '../../src/parquet/index.js';
import { openDatabase } from './duckdb.js';

async function misleading(select: string, options = ''): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'skua-bloom-'));
  const database = await openDatabase();
  try {
    const path = join(directory, 'file.parquet');
    await database.run(`COPY (SELECT ${select} FROM range(100) t(i)) TO '${path}' (FORMAT parquet${options})`);
    const bytes = await readFile(path);
    return [...misleadingBloomFilters(parseFooter(bytes, path, bytes.length))].sort();
  } finally {
    database.close();
    await rm(directory, { recursive: true, force: true });
  }
}

test('bloom filters of bytes, and of floating-point numbers among which zero may be, must not be asked', async () => {
  const columns = [
    "'\\xFF'::BLOB AS bytes",
    "'text' AS text",
    '(i % 2)::BIGINT AS whole',
    '-0.0::DOUBLE AS zero',
    '(i % 3 - 1)::FLOAT AS around',
    '(i % 3 + 1)::FLOAT AS above',
    '(i % 3 - 5)::DOUBLE AS below',
    "{'b': '\\xFF'::BLOB} AS nested",
  ].join(', ');
  expect(await misleading(columns)).toEqual(['around', 'bytes', 'zero']);
});

test('without bloom filters there is nothing not to ask', async () => {
  expect(await misleading("'\\xFF'::BLOB AS bytes, -0.0::DOUBLE AS zero", ', WRITE_BLOOM_FILTER false')).toEqual([]);
});
