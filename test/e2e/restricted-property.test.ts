/** Random restrictions and random SQL: a restricted table answers as a table of what is seen of it. The same for the same `SKUA_TEST_SEED`. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './support/faulty-catalog.js';
import { pick, randomFrom } from './support/random-rows.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const tables = Array.from({ length: 6 }, (_, index) => index);
const statementsOfEach = 14;

type Random = ReturnType<typeof randomFrom>;
type Cell = string | number | bigint | null;

interface ModelColumn {
  name: string;
  type: string;
  values: readonly Cell[];
  actions: readonly string[];
}

const texts = [
  '',
  'a',
  'EU',
  'US',
  'Zoë_99',
  'abcd',
  'abcde',
  '12345',
  '4111-1111',
  'x@y.org',
  '😀😀😀😀9',
  "it's",
  '\uffff',
  null,
];
const columns: readonly ModelColumn[] = [
  { name: 'id', type: 'BIGINT', values: [], actions: ['mask-to-fixed-value', 'replace-with-null', 'sha-256-global'] },
  {
    name: 'region',
    type: 'VARCHAR',
    values: ['EU', 'US', 'APAC', null],
    actions: ['mask-alphanum', 'mask-to-fixed-value', 'replace-with-null'],
  },
  {
    name: 'name',
    type: 'VARCHAR',
    values: texts,
    actions: ['mask-alphanum', 'show-first-4', 'show-last-4', 'mask-to-fixed-value', 'sha-256-global'],
  },
  {
    name: 'score',
    type: 'INTEGER',
    values: [0, 1, -1, 7, 2147483647, null],
    actions: ['sha-256-global', 'replace-with-null'],
  },
  {
    name: 'amount',
    type: 'DOUBLE',
    values: [0, -0.5, 1.5, 1e300, Number.NaN, null],
    actions: ['mask-to-fixed-value', 'replace-with-null'],
  },
  {
    name: 'day',
    type: 'DATE',
    values: ['1969-07-15', '2024-02-29', '2024-07-15', '1970-01-01', null],
    actions: ['truncate-to-year', 'truncate-to-month', 'mask-to-fixed-value'],
  },
];

type Row = Cell[];

let catalog: FaultyCatalog;
beforeAll(async () => {
  catalog = await startFaultyCatalog();
});
afterAll(() => catalog?.stop());

function cellSql(cell: Cell, { type }: ModelColumn): string {
  if (cell === null) return `CAST(NULL AS ${type})`;
  if (typeof cell === 'string') return type === 'DATE' ? `DATE '${cell}'` : `'${cell.replaceAll("'", "''")}'`;
  return Number.isNaN(cell) ? "'NaN'::DOUBLE" : `CAST('${cell}' AS ${type})`;
}

const rowSql = (row: Row) => `(${row.map((cell, index) => cellSql(cell, columns[index] as ModelColumn)).join(', ')})`;

/** What a mask of the specification makes of a value. */
function masked(action: string, cell: Cell, { type }: ModelColumn): Cell {
  if (action === 'replace-with-null') return null;
  if (action === 'mask-to-fixed-value') {
    return { BIGINT: 0n, VARCHAR: 'XXXXXXXX', INTEGER: 0, DOUBLE: 0, DATE: '1970-01-01' }[type] ?? null;
  }
  if (cell === null) return null;
  const points = Array.from(String(cell));
  const outline = (part: string[]) =>
    part.map((point) => (/^[0-9]$/.test(point) ? 'n' : /^[(),.@-]$/.test(point) ? point : 'x')).join('');
  switch (action) {
    case 'mask-alphanum':
      return outline(points);
    case 'show-first-4':
      return points.slice(0, 4).join('') + outline(points.slice(4));
    case 'show-last-4':
      return points.length <= 4 ? points.join('') : outline(points.slice(0, -4)) + points.slice(-4).join('');
    case 'truncate-to-year':
      return `${String(cell).slice(0, 4)}-01-01`;
    case 'truncate-to-month':
      return `${String(cell).slice(0, 7)}-01`;
    default:
      return hashed(cell, type);
  }
}

function hashed(cell: Cell, type: string): Cell {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  if (type === 'VARCHAR') return digest(Buffer.from(String(cell))).toString('hex');
  const bytes = Buffer.alloc(type === 'INTEGER' ? 4 : 8);
  if (type === 'INTEGER') {
    bytes.writeInt32LE(Number(cell));
    return digest(bytes).readInt32LE();
  }
  bytes.writeBigInt64LE(BigInt(cell as bigint));
  return digest(bytes).readBigInt64LE();
}

interface Filter {
  json: unknown;
  keeps: (row: Row) => boolean;
}

function order(left: Cell, right: Cell, { type }: ModelColumn): number {
  if (type === 'VARCHAR') return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
  if (type === 'DATE') return String(left) < String(right) ? -1 : Number(left !== right);
  return Number(left) < Number(right) ? -1 : Number(Number(left) > Number(right));
}

function randomFilter(random: Random, depth = 0): Filter {
  if (depth < 3 && random() < 0.45) {
    const [left, right] = [randomFilter(random, depth + 1), randomFilter(random, depth + 1)];
    if (random() < 0.3) return { json: { type: 'not', child: left.json }, keeps: (row) => !left.keeps(row) };
    return random() < 0.5
      ? {
          json: { type: 'and', left: left.json, right: right.json },
          keeps: (row) => left.keeps(row) && right.keeps(row),
        }
      : {
          json: { type: 'or', left: left.json, right: right.json },
          keeps: (row) => left.keeps(row) || right.keeps(row),
        };
  }
  const index = 1 + Math.floor(random() * (columns.length - 1));
  const column = columns[index] as ModelColumn;
  const child = { type: 'reference', id: index + 1 };
  const values = column.values.filter((value) => value !== null && !Number.isNaN(value));
  const value = pick(random, values) as Cell;
  const at = (row: Row) => row[index] as Cell;
  const usable = (cell: Cell) => cell !== null && !Number.isNaN(cell);
  const comparison = (type: string, holds: (sign: number) => boolean, ofOthers: boolean): Filter => ({
    json: { type, left: child, right: value },
    keeps: (row) => (usable(at(row)) ? holds(order(at(row), value, column)) : ofOthers),
  });
  const listed = [value, pick(random, values) as Cell];
  const isListed = (cell: Cell) => usable(cell) && listed.some((each) => order(cell, each, column) === 0);
  const choices: Filter[] = [
    comparison('eq', (sign) => sign === 0, false),
    comparison('not-eq', (sign) => sign !== 0, true),
    comparison('lt', (sign) => sign < 0, false),
    comparison('lt-eq', (sign) => sign <= 0, false),
    comparison('gt', (sign) => sign > 0, false),
    comparison('gt-eq', (sign) => sign >= 0, false),
    { json: { type: 'is-null', child }, keeps: (row) => at(row) === null },
    { json: { type: 'not-null', child }, keeps: (row) => at(row) !== null },
    { json: { type: 'in', child, values: listed }, keeps: (row) => isListed(at(row)) },
    { json: { type: 'not-in', child, values: listed }, keeps: (row) => !isListed(at(row)) },
  ];
  if (column.type === 'VARCHAR') {
    const starts = (row: Row) => at(row) !== null && String(at(row)).startsWith(String(value));
    choices.push(
      { json: { type: 'starts-with', left: child, right: value }, keeps: starts },
      { json: { type: 'not-starts-with', left: child, right: value }, keeps: (row) => !starts(row) },
    );
  }
  if (column.type === 'DOUBLE') {
    choices.push({ json: { type: 'is-nan', child }, keeps: (row) => Number.isNaN(at(row)) });
    choices.push({ json: { type: 'not-nan', child }, keeps: (row) => !Number.isNaN(at(row)) });
  }
  return pick(random, choices);
}

/** A statement over the table `{t}`, whose answer does not hang on the order of rows. */
function randomStatement(random: Random): string {
  const column = () => pick(random, columns);
  const value = (of: ModelColumn) => cellSql(pick(random, of.values.length > 0 ? of.values : [3n]), of);
  const condition = (name = ''): string => {
    const of = column();
    const written = `${name}${of.name}`;
    const operator = pick(random, ['=', '<>', '<', '>=', 'IS DISTINCT FROM']);
    const simple = pick(random, [
      `${written} ${operator} ${value(of)}`,
      `${written} IS NULL`,
      `${written} IN (${value(of)}, ${value(of)})`,
      `CAST(${written} AS VARCHAR) LIKE '%1%'`,
      `length(${name}name) > 4`,
      `coalesce(${name}score, 0) + ${name}id % 3 > 1`,
    ]);
    return random() < 0.3 ? `(${simple} OR ${condition(name)})` : simple;
  };
  const [a, b] = [column().name, column().name];
  const key = pick(random, ['region', 'name', 'id', 'score']);
  return pick(random, [
    `SELECT * FROM {t} WHERE ${condition()} AND ${condition()}`,
    `SELECT count(*), count(${a}), count(DISTINCT ${b}), min(${a}), max(${b}) FROM {t}`,
    `SELECT count(*), min(${a}), max(${b}), sum(score) FROM {t} WHERE ${condition()}`,
    `SELECT ${a}, count(*), max(${b}) FROM {t} GROUP BY ${a} HAVING count(*) > 1`,
    `SELECT ${a}, ${b}, count(*) FROM {t} GROUP BY GROUPING SETS ((${a}), (${a}, ${b}), ())`,
    `SELECT DISTINCT ${a}, ${b} FROM {t} WHERE ${condition()}`,
    `SELECT x.${a}, y.${b}, x.id FROM {t} x JOIN {t} y ON x.${key} = y.${key} WHERE ${condition('x.')}`,
    `SELECT x.id, y.${b} FROM {t} x LEFT JOIN (SELECT * FROM {t} WHERE ${condition()}) y ON x.${key} = y.${key} AND x.id < y.id`,
    `SELECT o.k, t.${a} FROM other o JOIN {t} t ON o.k = t.id WHERE ${condition('t.')}`,
    `SELECT count(*) FROM other o WHERE o.k NOT IN (SELECT id FROM {t} WHERE id IS NOT NULL)`,
    `SELECT o.k, (SELECT count(*) FROM {t} t WHERE t.id > o.k AND ${condition('t.')}) FROM other o`,
    `SELECT ${a}, rank() OVER (PARTITION BY ${key} ORDER BY ${a}), sum(score) OVER (PARTITION BY ${key}) FROM {t}`,
    `SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id, name, region, score, amount, day) AS n FROM {t}) WHERE n <= 5`,
    `SELECT id, ${a} FROM {t} ORDER BY id, ${a} LIMIT 4`,
    `SELECT max(${a}) FROM (SELECT * FROM {t} UNION ALL SELECT * FROM {t} WHERE ${condition()})`,
    `SELECT ${a} FROM {t} EXCEPT ALL SELECT ${a} FROM {t} WHERE ${condition()}`,
    `WITH c AS (SELECT ${key}, count(*) AS n FROM {t} GROUP BY ${key}) SELECT t.id, c.n FROM {t} t JOIN c ON t.${key} = c.${key}`,
  ]);
}

const canonical = (rows: unknown[][]) =>
  rows
    .map((row) =>
      JSON.stringify(row, (_, value) =>
        typeof value === 'bigint' ? `${value}n` : Number.isNaN(value) ? 'NaN' : Object.is(value, -0) ? 0 : value,
      ),
    )
    .sort();

describe('a restricted table answers as a table of what is seen of it', () => {
  it.each(tables)(`seed ${seed}, table %i`, async (number) => {
    const random = randomFrom(`${seed}.restricted.${number}`);
    const [name, twin] = [`shown_${number}`, `twin_${number}`];
    const definition = `(${columns.map((column) => `${column.name} ${column.type}`).join(', ')})`;
    const partitions = pick(random, [
      '',
      '',
      ' PARTITIONED BY (region)',
      ' PARTITIONED BY (truncate(2, name))',
      ' PARTITIONED BY (bucket(4, id))',
    ]);
    const steps = [`CREATE TABLE ${name} ${definition}${partitions}`, `CREATE TABLE ${twin} ${definition}`];
    let rows: Row[] = [];
    for (let insert = 0; insert < 4; insert++) {
      const added = Array.from(
        { length: 12 },
        (): Row => columns.map(({ values }, index) => (index === 0 ? BigInt(rows.length) : pick(random, values))),
      ).map((row, index) => [BigInt(rows.length + index), ...row.slice(1)]);
      rows.push(...added);
      steps.push(`INSERT INTO ${name} VALUES ${added.map(rowSql).join(', ')}`);
    }
    const gone = BigInt(Math.floor(random() * 12));
    rows = rows.filter(([id]) => (id as bigint) % 12n !== gone);
    steps.push(`DELETE FROM ${name} WHERE id % 12 = ${gone}`);
    if (number === 0) steps.push('CREATE TABLE other AS SELECT range AS k FROM range(0, 60, 5)');
    for (const step of steps) await catalog.update(step);

    for (let policy = 0; policy < 3; policy++) {
      const filter = random() < 0.85 ? randomFilter(random) : undefined;
      const masks = columns.flatMap((column, index) =>
        random() < 0.4 ? [{ index, action: pick(random, column.actions) }] : [],
      );
      const seen = rows
        .filter((row) => filter?.keeps(row) ?? true)
        .map((row) =>
          row.map((cell, index) => {
            const mask = masks.find((candidate) => candidate.index === index);
            return mask ? masked(mask.action, cell, columns[index] as ModelColumn) : cell;
          }),
        );
      await catalog.update(`TRUNCATE TABLE ${twin}`);
      if (seen.length > 0) await catalog.update(`INSERT INTO ${twin} VALUES ${seen.map(rowSql).join(', ')}`);
      const restrictions = {
        ...(filter && { 'required-row-filter': filter.json }),
        'required-column-projections': masks.map(({ index, action }) => ({ 'field-id': index + 1, action })),
      };
      catalog.fault = ({ method, path }) =>
        method === 'GET' && path.endsWith(`/tables/${name}`)
          ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions }) }
          : undefined;
      const statements = [
        'SELECT * FROM {t}',
        ...Array.from({ length: statementsOfEach }, () => randomStatement(random)),
      ];
      for (const statement of statements) {
        const told = [`SKUA_TEST_SEED=${seed}`, ...steps, JSON.stringify(restrictions), statement].join(';\n');
        const answer = canonical(await catalog.rows(statement.replaceAll('{t}', name)));
        const expected = canonical(await catalog.rows(statement.replaceAll('{t}', twin)));
        expect(answer, told).toEqual(expected);
      }
      await catalog.update(`CREATE OR REPLACE TABLE kept AS SELECT * FROM ${name}`);
      catalog.fault = () => undefined;
      expect(canonical(await catalog.rows('SELECT * FROM kept'))).toEqual(
        canonical(await catalog.rows(`SELECT * FROM ${twin}`)),
      );
    }
  });
});
