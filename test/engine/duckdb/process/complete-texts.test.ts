import { Int32 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { ParquetSource } from '../../../../src/engine/duckdb/contract.js';
import { CompleteTexts } from '../../../../src/engine/duckdb/process/scans/complete-texts.js';
import { ReadNames } from '../../../../src/engine/duckdb/process/scans/read-names.js';
import type { ReadyText } from '../../../../src/engine/duckdb/process/scans/ready-text.js';
import { column, physical, scan, source } from './support.js';

const sql = 'SELECT a FROM "t" WHERE d > 3';

interface Told extends Partial<ParquetSource> {
  local?: string;
  text?: string;
}

/** A text over one file, whose local copy has another name each time. */
function text({ local = '0'.repeat(32), text: written = sql, ...more }: Told = {}): ReadyText {
  const path = `/folder/${local}.parquet`;
  const file = {
    ...source(path, [physical('a', 1)], { held: new Set(['a']), ...more }),
    location: more.location ?? 's3://a',
  };
  const attached = {
    names: new ReadNames(),
    definitions: `CREATE TEMP VIEW "t" AS SELECT s.a FROM read_parquet(['${path}']) AS s`,
  };
  return { sql: written, scans: [scan('t', [column('a', new Int32(), 1)], [file])], attached };
}

function known(...texts: ReadyText[]): CompleteTexts {
  const complete = new CompleteTexts();
  for (const each of texts) complete.add(each);
  return complete;
}

describe('a text that missed nothing', () => {
  it('is known over the same files, whatever their local copies are called', () => {
    expect(known().has(text())).toBe(false);
    expect(known(text()).has(text({ local: 'f'.repeat(32) }))).toBe(true);
  });

  it.each<[string, ReadyText]>([
    ['another text', text({ text: 'SELECT a FROM "t" WHERE d > 4' })],
    ['another file', text({ location: 's3://b' })],
    ['another time zone', { ...text(), timeZone: 'Asia/Tokyo' }],
    ['fewer columns of the file', text({ held: new Set<string>() })],
    ['a table that is defined otherwise', { ...text(), attached: { ...text().attached, definitions: 'CREATE …' } }],
  ])('is not known of %s', (_, other) => {
    expect(known(text()).has(other)).toBe(false);
  });

  it.each<[string, ReadyText]>([
    ['values may differ', { ...text(), parameters: {} as never }],
    ['constants change', text({ text: 'SELECT a FROM "t" WHERE d > now()' })],
    ['deleted positions differ', text({ deletedPositions: BigInt64Array.of(3n) })],
    ['delete files are joined', text({ positionDeletes: ['/folder/p.parquet'] })],
    ['rows are in memory', { ...text(), scans: [{ name: 't', columns: [], source: { kind: 'batches' } as never }] }],
    ['functions are defined', { ...text(), scans: [{ ...(text().scans[0] as ReadyText['scans'][0]), functions: [] }] }],
  ])('is planned anew where %s', (_, other) => {
    expect(known(other).has(other)).toBe(false);
  });
});
