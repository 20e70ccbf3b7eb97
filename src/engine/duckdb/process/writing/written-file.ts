/** What the engine says of the files that it wrote. */
import type { WrittenColumnStatistics, WrittenFile } from '../../../../parquet/index.js';

type Pairs = [string, unknown][];

/** One row of RETURN_STATS: file name, count, file size, footer size, column statistics. Of row groups the engine says nothing. */
export function writtenFile(row: unknown[], partition: (string | null)[]): WrittenFile {
  const [path, count, size, footer, statistics] = row;
  const rowCount = Number(count);
  return {
    path: String(path),
    rowCount,
    fileSize: Number(size),
    footerSize: Number(footer),
    rowGroupOffsets: [],
    partition,
    columns: ((statistics ?? []) as [string, Pairs][]).map(([name, pairs]) =>
      columnStatistics(name, new Map(pairs), rowCount),
    ),
  };
}

function columnStatistics(name: string, statistics: Map<string, unknown>, rowCount: number): WrittenColumnStatistics {
  const text = (key: string) => (typeof statistics.get(key) === 'string' ? (statistics.get(key) as string) : undefined);
  const number = (key: string) => Number(text(key) ?? 0);
  const values = text('num_values');
  return {
    path: splitPath(name),
    valueCount: values === undefined ? rowCount : Number(values),
    nullCount: number('null_count'),
    columnSize: number('column_size_bytes'),
    ...(text('min') === undefined ? {} : { min: text('min') }),
    ...(text('max') === undefined ? {} : { max: text('max') }),
  };
}

/** `a."b.c".d` as its names. */
function splitPath(name: string): string[] {
  const names: string[] = [];
  for (const match of name.matchAll(/"((?:[^"]|"")*)"|[^."]+/g)) {
    names.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
  }
  return names;
}
