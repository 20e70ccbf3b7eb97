import { expect, it } from 'vitest';
import { decimalText } from '../../../../src/decimal-text.js';
import { partitionExpression } from '../../../../src/engine/duckdb/transforms/partition-expression.js';
import { applyTransform } from '../../../../src/iceberg/transforms/transform.js';
import { useEngine } from '../process/support.js';

const bench = useEngine();

it.each([
  [1, 0],
  [5, 5],
  [9, 2],
  [10, 10],
  [18, 18],
  [38, 0],
  [38, 10],
  [38, 37],
  [38, 38],
])('the engine truncates a DECIMAL(%i, %i) to the multiple below it, of any width', async (precision, scale) => {
  const most = 10n ** BigInt(precision) - 1n;
  const values = [0n, 1n, -1n, 2n, -3n, most, most / 2n, -most / 2n, most / 7n, -most / 7n, most / 1000n];
  for (const width of [1, 2, 3, 10, 1000, 2147483647]) {
    const expression = partitionExpression(`truncate[${width}]`, 'v', { kind: 'decimal', precision, scale }) as string;
    const rows = values.map(
      (value, index) => `(${index}, CAST('${decimalText(value, scale)}' AS DECIMAL(38, ${scale})))`,
    );
    const found = await bench.rows(
      `SELECT CAST(${expression} AS VARCHAR) FROM (SELECT i, CAST(v AS DECIMAL(${precision}, ${scale})) AS v
       FROM (VALUES ${rows.join(', ')}) AS r(i, v)) ORDER BY i`,
    );
    const expected = values.map((value) => {
      const transform = { kind: 'truncate' as const, parameter: width };
      return decimalText(applyTransform(transform, { kind: 'decimal', precision, scale }, value) as bigint, scale);
    });
    expect(found.map(([text]) => String(text).replace(/^(-?)\./, '$10.'))).toEqual(expected);
  }
});
