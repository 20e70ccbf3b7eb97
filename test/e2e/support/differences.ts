/** Where Skua's answer is not the kept one, and why. What is not listed here is equal. */
import type { ExpectedAnswer, FixtureTable } from '../../fixtures/index.js';

export interface Difference {
  /** What the message of the refusal says. */
  refused?: RegExp;
  rows?: (string | null)[][];
}

/**
 * The engine reads a variant that is JSON's null as SQL's NULL, shows a zone as `+00`, bytes as escapes and a 32-bit float as the double of
 * equal value.
 */
function variants(answer: ExpectedAnswer): Difference {
  if (answer.name === 'null') return { rows: [['1'], ['99']] };
  const rows = answer.rows.map(([id = null, text = null]) => {
    if (id === '102') return [id, '"2024-02-29 12:34:56.789012+00"'];
    if (id === '104') return [id, '"\\\\x00\\\\xFF"'];
    if (id === '105') return [id, '0.10000000149011612'];
    return [id, text === 'null' ? null : text];
  });
  return { rows };
}

const known: Record<string, (answer: ExpectedAnswer) => Difference | undefined> = {
  // The engine's Parquet reader has the LZ4 of the standard, not the one with Hadoop's framing that it replaced.
  'codecs.lz4': () => ({ refused: /compressed with LZ4, which is not supported/ }),
  // Spark keeps the row that the delete names, s.a = 2, and drops the one whose struct is null.
  'deletes.equality_nested': () => ({
    rows: [
      ['1', '{"a":"1","b":"x"}'],
      ['3', null],
    ],
  }),
  // Spark skips the file, whose bounds can't tell of NaN; by its own order NaN belongs to the answer.
  'types.extremes': ({ name }) =>
    name === 'NaN is greater than every number' ? { rows: [['2'], ['3'], ['6']] } : undefined,
  'types.variant': variants,
  'types.variant_shredded': variants,
  'types.variant_nested': ({ rows: [first = [], ...others] }) => ({
    rows: [first.map((cell) => cell?.replace('"null"', 'null') ?? null), ...others],
  }),
  'views.spark_only': () => ({ refused: /written in the dialect "spark" and can't be read: syntax error/ }),
};

export function differenceOf(table: FixtureTable, answer: ExpectedAnswer): Difference | undefined {
  const own = known[[...table.namespace, table.name].join('.')]?.(answer);
  if (own || !table.unsupported) return own;
  // What a note calls supported leaves no such file to read, and a count needs to read none.
  if (answer.note?.startsWith('supported') || answer.name === 'count from metadata') return undefined;
  return { refused: new RegExp(`in ${table.unsupported} format`) };
}
