import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  DateMillisecond,
  Decimal,
  DurationMicrosecond,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int32,
  Int64,
  Interval,
  IntervalUnit,
  List,
  Map_,
  Null,
  Schema,
  Struct,
  TimeMicrosecond,
  TimestampMicrosecond,
  TimestampNanosecond,
  TimestampSecond,
  tableFromIPC,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { type ColumnarBatch, rowsToBatch } from '../../src/arrow/index.js';
import {
  arrowStream,
  csvText,
  displayWidth,
  formatTable,
  jsonFormat,
  jsonText,
  ndjsonText,
  tableText,
  textFormat,
} from '../../src/client/format/index.js';

const uuid = new Field('v', new FixedSizeBinary(16), true, new Map([['ARROW:extension:name', 'arrow.uuid']]));
const list = (type: DataType) => new List(new Field('item', type, true));
const map = (key: DataType, value: DataType) =>
  new Map_(
    new Field('entries', new Struct([new Field('key', key, false), new Field('value', value, true)]), false) as never,
  );
const NINES = 10n ** 38n - 1n;

describe('a value is shown exactly', () => {
  const cases: [string, DataType | Field, unknown, string, string?][] = [
    ['null type', new Null(), null, 'null', 'null'],
    ['boolean', new Bool(), true, 'true', 'true'],
    ['int64 minimum', new Int64(), -(2n ** 63n), '-9223372036854775808', '-9223372036854775808'],
    ['uint64 maximum', new Uint64(), 2n ** 64n - 1n, '18446744073709551615', '18446744073709551615'],
    ['double', new Float64(), 0.1, '0.1', '0.1'],
    ['whole double', new Float64(), 42, '42.0', '42.0'],
    ['NaN', new Float64(), Number.NaN, 'NaN', '"NaN"'],
    ['infinity', new Float64(), Number.NEGATIVE_INFINITY, '-Infinity', '"-Infinity"'],
    ['negative zero', new Float64(), -0, '-0.0', '-0.0'],
    ['float', new Float32(), Math.fround(0.1), '0.1', '0.1'],
    ['decimal', new Decimal(2, 9, 128), -5n, '-0.05', '-0.05'],
    ['widest decimal', new Decimal(0, 38, 128), -NINES, `-${NINES}`, `-${NINES}`],
    ['string', new Utf8(), 'say "𝄞"', 'say "𝄞"', '"say \\"𝄞\\""'],
    ['binary', new Binary(), Uint8Array.of(0, 255), '00ff', '"00ff"'],
    ['uuid', uuid, Buffer.from('123e4567e89b12d3a456426614174000', 'hex'), '123e4567-e89b-12d3-a456-426614174000'],
    ['date', new DateDay(), 0, '1970-01-01'],
    ['leap day', new DateDay(), 11016, '2000-02-29'],
    ['date before 1582', new DateDay(), -719162, '0001-01-01'],
    ['date before year 1', new DateDay(), -719528 - 365, '-0001-01-01'],
    ['date after 9999', new DateDay(), 2932897, '10000-01-01'],
    ['farthest date', new DateDay(), 2147483647, '5881580-07-11'],
    ['date in milliseconds', new DateMillisecond(), -86_400_000, '1969-12-31'],
    ['time', new TimeMicrosecond(), 86_399_999_999n, '23:59:59.999999'],
    ['timestamp', new TimestampMicrosecond(), 1n, '1970-01-01 00:00:00.000001', '"1970-01-01T00:00:00.000001"'],
    [
      'timestamp before 1970',
      new TimestampMicrosecond(),
      -1n,
      '1969-12-31 23:59:59.999999',
      '"1969-12-31T23:59:59.999999"',
    ],
    [
      'timestamp with zone',
      new TimestampMicrosecond('UTC'),
      1_700_000_000_500_000n,
      '2023-11-14 22:13:20.500Z',
      '"2023-11-14T22:13:20.500Z"',
    ],
    ['nanoseconds', new TimestampNanosecond(), 1n, '1970-01-01 00:00:00.000000001', '"1970-01-01T00:00:00.000000001"'],
    [
      'timestamp in seconds after 9999',
      new TimestampSecond(),
      253402300800n,
      '10000-01-01 00:00:00',
      '"10000-01-01T00:00:00"',
    ],
    ['duration', new DurationMicrosecond(), -90_000_000n, '-00:01:30'],
    [
      'interval',
      new Interval(IntervalUnit.MONTH_DAY_NANO),
      [14, -3, 1_500_000_000n],
      '1 year 2 months -3 days 00:00:01.500',
    ],
    ['list', list(new Decimal(1, 3, 128)), [15n, null, -5n], '[1.5, null, -0.5]', '[1.5, null, -0.5]'],
    [
      'struct',
      new Struct([new Field('a b', new Utf8()), new Field('n', list(new Int64()))]),
      { 'a b': 'x', n: [1n] },
      '{"a b": "x", "n": [1]}',
      '{"a b": "x", "n": [1]}',
    ],
    ['map with text keys', map(new Utf8(), new Int32()), [['k', 1]], '{"k": 1}', '{"k": 1}'],
    ['map with other keys', map(new Int32(), new DateDay()), [[1, 0]], '[[1, "1970-01-01"]]', '[[1, "1970-01-01"]]'],
  ];
  test.each(cases)('%s', (_, type, value, text, json = `"${text}"`) => {
    const field = type instanceof Field ? type : new Field('v', type, true);
    expect(textFormat(field)(value)).toBe(text);
    expect(jsonFormat(field)(value)).toBe(json);
    expect(() => JSON.parse(json)).not.toThrow();
  });
});

const schema = new Schema([
  new Field('kind', new Utf8(), true),
  new Field('n', new Int64(), true),
  new Field('total', new Float64(), true),
]);
const ROWS = [
  ['purchase', 2n, 55.25],
  ['click', 10n, null],
];

async function* batches(...rows: unknown[][][]): AsyncGenerator<ColumnarBatch> {
  for (const group of rows) yield rowsToBatch(schema, group);
}

async function collect(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const TABLE = `┌──────────┬────┬───────┐
│ kind     │  n │ total │
├──────────┼────┼───────┤
│ purchase │  2 │ 55.25 │
│ click    │ 10 │  NULL │
└──────────┴────┴───────┘
2 rows
`;

describe('table', () => {
  test('numbers stand right, nulls are shown, rows are counted', () => {
    expect(formatTable(schema, ROWS)).toBe(TABLE);
  });

  test('a stream gives the same table, however it is cut into batches', async () => {
    expect(await collect(tableText(schema, batches(ROWS)))).toBe(TABLE);
    expect(await collect(tableText(schema, batches(ROWS.slice(0, 1), ROWS.slice(1))))).toBe(TABLE);
    expect(await collect(tableText(schema, batches(ROWS.slice(0, 1), ROWS.slice(1)), { sample: 1 }))).toContain(
      '│ click    │ 10 │',
    );
  });

  test('a result without rows still shows its columns', async () => {
    const empty = await collect(tableText(schema, batches()));
    expect(empty).toContain('│ kind │ n │ total │');
    expect(empty).toMatch(/0 rows\n$/);
  });

  test('wide characters keep the borders straight', () => {
    const names = new Schema([new Field('名前', new Utf8(), true)]);
    const lines = formatTable(names, [['東京'], ['e\u0301'], ['👨‍👩‍👧'], ['abc']])
      .split('\n')
      .slice(0, -2);
    expect(new Set(lines.map(displayWidth)).size).toBe(1);
  });

  test('on a terminal the table is cut to its width, elsewhere nothing is lost', () => {
    const long = [['x'.repeat(200), 1n, 1]];
    for (const line of formatTable(schema, long, { width: 40 }).split('\n'))
      expect(displayWidth(line)).toBeLessThanOrEqual(40);
    expect(formatTable(schema, long, { width: 40 })).toContain('…');
    expect(formatTable(schema, long)).toContain('x'.repeat(200));
  });

  test('wide columns share what a terminal has', () => {
    const two = new Schema([new Field('a', new Utf8(), true), new Field('b', new Utf8(), true)]);
    const [, , , row] = formatTable(two, [['x'.repeat(200), 'y'.repeat(100)]], { width: 47 }).split('\n');
    expect(row).toBe(`│ ${'x'.repeat(19)}… │ ${'y'.repeat(19)}… │`);
  });

  test('one batch may have any number of rows', async () => {
    const numbers = new Schema([new Field('n', new Int32(), false)]);
    const rows = Array.from({ length: 200_000 }, (_, index) => [index]);
    const pieces = tableText(
      numbers,
      (async function* () {
        yield rowsToBatch(numbers, rows);
      })(),
    );
    expect(await collect(pieces)).toMatch(/200,000 rows\n$/);
  });

  test('columns that do not fit a terminal are counted', () => {
    const many = new Schema(Array.from({ length: 40 }, (_, index) => new Field(`column_${index}`, new Int32(), true)));
    const text = formatTable(many, [Array.from({ length: 40 }, () => 123456789)], { width: 60 });
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(60);
    expect(text).toMatch(/1 row \(\d+ of 40 columns shown\)/);
  });

  test('a value can neither break the layout nor command the terminal', () => {
    const text = formatTable(schema, [['a\nb\u001b[2J', 1n, 1]]);
    const lines = text.split('\n');
    expect(lines.slice(3, 5)).toEqual([
      expect.stringMatching(/^│ a +│ +1 │ +1.0 │$/),
      expect.stringMatching(/^│ b\\u001b\[2J +│ +│ +│$/),
    ]);
    expect(new Set(lines.slice(0, 6).map(displayWidth)).size).toBe(1);
    expect(text).not.toContain('\u001b');
  });
});

describe('csv, json and arrow', () => {
  test('csv quotes what RFC 4180 says and tells null from an empty string', async () => {
    const rows = [
      ['a,"b"\n', 1n, 0.5],
      ['', null, null],
    ];
    expect(await collect(csvText(schema, batches(rows)))).toBe('kind,n,total\r\n"a,""b""\n",1,0.5\r\n"",,\r\n');
  });

  test('json is one array, with numbers as numbers and all their digits', async () => {
    const text = await collect(jsonText(schema, batches([['a', 2n ** 63n - 1n, 1.5]], [['b', null, null]])));
    expect(text).toContain('"n": 9223372036854775807, "total": 1.5');
    expect(JSON.parse(text)).toHaveLength(2);
    expect(JSON.parse(await collect(jsonText(schema, batches())))).toEqual([]);
  });

  test('ndjson is one object a line', async () => {
    const lines = (await collect(ndjsonText(schema, batches(ROWS)))).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { kind: 'purchase', n: 2, total: 55.25 },
      { kind: 'click', n: 10, total: null },
    ]);
  });

  test('columns of the same name stay apart in json', async () => {
    const twins = new Schema([new Field('a', new Int32()), new Field('a', new Int32()), new Field('a_2', new Int32())]);
    async function* one() {
      yield rowsToBatch(twins, [[1, 2, 3]]);
    }
    const [object] = JSON.parse(await collect(jsonText(twins, one())));
    expect(Object.values(object).sort()).toEqual([1, 2, 3]);
  });

  test('arrow is an IPC stream that other readers take', async () => {
    const pieces: Uint8Array[] = [];
    for await (const piece of arrowStream(schema, batches(ROWS, ROWS))) pieces.push(piece);
    const table = tableFromIPC(Buffer.concat(pieces));
    expect(table.numRows).toBe(4);
    expect(table.getChild('n')?.get(3)).toBe(10n);
  });
});
