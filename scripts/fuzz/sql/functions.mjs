/** Functions of a value of a type, as pairs of the kind of what they give and their SQL. None of them fails for any value. */
import { isNested } from './types.mjs';

const floating = ['float', 'double'];

export function functionsOf({ sql, type }) {
  const { kind } = type;
  if (kind === 'list') {
    const isExact = !isNested(type.element.type) && !floating.includes(type.element.type.kind);
    return [
      ['long', `len(${sql})`],
      ...(isExact
        ? [
            ['string', `CAST(${sql} AS VARCHAR)`],
            ['long', `len(list_distinct(${sql}))`],
          ]
        : []),
    ];
  }
  if (kind === 'decimal') {
    return [
      ['double', `CAST(${sql} AS DOUBLE)`],
      ['string', `CAST(abs(${sql}) AS VARCHAR)`],
      ['string', `CAST(TRY(${sql} + ${sql}) AS VARCHAR)`],
      ['string', `CAST(TRY(round(${sql}, 0)) AS VARCHAR)`],
    ];
  }
  return (functions[kind] ?? []).map(([made, text]) => [made, text.replaceAll('$', () => sql)]);
}

const ofMoments = [
  ['long', 'year($)'],
  ['long', 'hour($)'],
  ['long', "date_part('dow', $)"],
  ['long', 'quarter($)'],
];

/** By kind; `$` is the value. */
const functions = {
  string: [
    ['long', 'length($)'],
    ['string', 'upper($)'],
    ['string', 'left($, 2)'],
    ['string', "concat($, '|', $)"],
    ['string', "replace($, 'a', 'b')"],
    ['string', 'substring($, 2, 3)'],
    ['string', 'trim($)'],
    ['string', 'reverse($)'],
    ['string', "$ || 'z'"],
    ['string', "regexp_replace($, '[ab]', 'x', 'g')"],
    ['long', "instr($, 'b')"],
    ['long', 'unicode($)'],
    ['string', 'strip_accents($)'],
    ['boolean', "($ IS NOT NULL AND $ <> '')"],
  ],
  int: [
    ['long', 'CAST($ AS BIGINT) + 1'],
    ['long', 'CAST($ AS BIGINT) % 10'],
    ['long', 'CAST($ AS BIGINT) * -1'],
    ['long', '10 - CAST($ AS BIGINT)'],
    ['int', '$ // 7'],
    ['int', '$ & 255'],
    ['int', '$ % 100 * -1'],
    ['long', 'sign($)'],
  ],
  long: [
    ['long', '$ % 7'],
    ['double', 'CAST($ AS DOUBLE)'],
    ['long', '$ // 3'],
    ['long', '$ & 1023'],
    ['long', '$ % 1000 * -1'],
    ['long', '1 - $ % 1000'],
    ['string', "format('{:+d}', $ % 100)"],
  ],
  float: [
    ['double', 'CAST($ AS DOUBLE)'],
    ['boolean', 'isnan($)'],
  ],
  double: [
    ['boolean', 'isnan($)'],
    ['boolean', 'isinf($)'],
    ['boolean', 'signbit(abs($))'],
  ],
  date: [
    ['long', 'year($)'],
    ['long', 'month($)'],
    ['date', "CAST(date_trunc('month', $) AS DATE)"],
    ['long', "date_part('doy', $)"],
    ['long', "date_diff('day', $, DATE '2024-02-29')"],
    ['string', "strftime($, '%Y/%m')"],
    ['date', 'last_day($)'],
    ['timestamp', '$ + INTERVAL 1 MONTH'],
    ['date', '$ + 1'],
    ['string', 'dayname($)'],
    ['timestamp', 'CAST($ AS TIMESTAMP)'],
    ['timestamptz', 'CAST($ AS TIMESTAMPTZ)'],
  ],
  timestamp: [
    ...ofMoments,
    ['date', 'CAST($ AS DATE)'],
    ['time', 'CAST($ AS TIME)'],
    ['timestamptz', "$ AT TIME ZONE 'America/New_York'"],
    ['timestamptz', 'CAST($ AS TIMESTAMPTZ)'],
    ['timestamp', '$ + INTERVAL 1 DAY'],
    ['timestamp', "date_trunc('hour', $)"],
    ['long', 'epoch_us($)'],
    ['string', "strftime($, '%H:%M')"],
  ],
  timestamptz: [
    ...ofMoments,
    ['date', 'CAST($ AS DATE)'],
    ['timestamp', 'CAST($ AS TIMESTAMP)'],
    ['timestamp', "$ AT TIME ZONE 'Asia/Tokyo'"],
    ['timestamptz', "date_trunc('day', $)"],
    ['timestamptz', '$ + INTERVAL 1 DAY'],
    ['long', 'epoch_ms($)'],
    ['string', "strftime($, '%Y-%m-%d %H')"],
  ],
  timestamp_ns: [
    ['long', 'year($)'],
    ['long', 'hour($)'],
    ['timestamp', 'CAST($ AS TIMESTAMP)'],
    ['date', 'CAST($ AS DATE)'],
  ],
  time: [
    ['long', 'hour($)'],
    ['long', "date_part('microseconds', $)"],
  ],
  binary: [
    ['long', 'octet_length($)'],
    ['string', 'hex($)'],
    ['string', 'base64($)'],
  ],
  fixed: [
    ['long', 'octet_length($)'],
    ['string', 'hex($)'],
  ],
  uuid: [['string', 'upper(CAST($ AS VARCHAR))']],
  map: [
    ['long', 'cardinality($)'],
    ['long', 'len(map_values($))'],
  ],
  variant: [['string', 'variant_typeof($)']],
};
