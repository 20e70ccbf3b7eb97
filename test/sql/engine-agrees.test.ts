import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, Database } from '../../src/engine/duckdb/process/native/database.js';
import { duckdb } from '../../src/engine/duckdb/process/native/library.js';
import { Slot } from '../../src/engine/duckdb/process/native/memory.js';
import { splitStatements, statementsOf, tokenize } from '../../src/sql/index.js';

let database: Database;
let connection: Connection;
beforeAll(async () => {
  database = await Database.open({ threads: '1' });
  connection = database.connect();
});
afterAll(async () => {
  await connection.close();
  await database.close();
});

/** How many statements the engine finds in a text; undefined where it can't parse it. */
function statementsInEngine(text: string): number | undefined {
  const slot = new Slot();
  const count = Number(duckdb().duckdb_extract_statements(connection.pointer, text, slot.memory));
  const failed = count === 0 && duckdb().duckdb_extract_statements_error(slot.pointer) !== null;
  duckdb().duckdb_destroy_extracted(slot.memory);
  return failed ? undefined : count;
}

interface Located {
  query_location?: number;
  class?: string;
  column_names?: string[];
  identifier?: string;
  value?: { value?: unknown };
}

/** Where constants, columns and parameters begin, in bytes, as the engine says. */
async function placesInEngine(sql: string): Promise<Located[]> {
  const [row] = await connection.rows('SELECT json_serialize_sql($1::VARCHAR)', [sql]);
  const places: Located[] = [];
  JSON.parse(row?.[0] ?? '', (_, value) => {
    const isLeaf = ['CONSTANT', 'COLUMN_REF', 'PARAMETER'].includes(value?.class);
    if (isLeaf && Number.isSafeInteger(value.query_location)) places.push(value);
    return value;
  });
  return places;
}

/** Numbers from 0 to 1 that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const OPERANDS = [
  ...[
    "'it''s;'",
    "E'\\';\\\\'",
    "e'a''b;'",
    '$$;$$',
    "$t$ $$ ';' $t$",
    '$é$;$é$',
    "'a'\n 'b;'",
    "'a' -- ';'\n\r'b'",
    "X'ab'",
    "b';'",
  ],
  ...['1', '1_000', '1.5e-3', '.5', '5.', '1e5_0', 'NULL'],
  ...['a', 'aé𝄞', 'x$y', '_1', '"a;"', '"q""r;"', 't."c;d"', '?', 'x€'],
];
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '||',
  '<=',
  '<>',
  '!=',
  '=',
  '->',
  '->>',
  '//',
  '%',
  '^',
  '~',
  '@>',
  ' AND ',
  '::VARCHAR||',
  '=-',
  '*-',
  '<+',
  '||-',
];
const BLANKS = [' ', '\n', '\t', '\r', '\f', '/* ; \' " */', '/* /* ; */ $$ */', "-- ; '\n", '--"\r'];
const NOISE = ["'", '"', '$', '$$', '$a$', '\\', ';', '/*', '*/', '--', "E'", "x'", '(', ')', '[', '?', '..', ':', '`'];

function statement(next: () => number): string {
  const pick = <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T;
  const blank = () => (next() < 0.4 ? pick(BLANKS) : '');
  const expression = () => {
    let text = pick(OPERANDS);
    for (let count = Math.floor(next() * 3); count > 0; count--) {
      text += `${blank()}${pick(OPERATORS)}${blank()}${pick(OPERANDS)}`;
    }
    return text;
  };
  const list = Array.from({ length: 1 + Math.floor(next() * 4) }, expression);
  return `SELECT ${blank()}${list.join(`${blank()},${blank()}`)}${blank()}`;
}

test('the engine and the lexer find the same statements, and the same literals, names and parameters in the same places', async () => {
  const next = random(1);
  let compared = 0;
  for (let round = 0; round < 1500; round++) {
    const text = Array.from({ length: 1 + Math.floor(next() * 3) }, () => statement(next)).join(';');
    const expected = statementsInEngine(text);
    const statements = statementsOf(text);
    if (expected === undefined) continue;
    expect([text, statements.length]).toEqual([text, expected]);
    for (const sql of statements) {
      const starts = new Map(
        [...tokenize(sql)].map((token) => [Buffer.byteLength(sql.slice(0, token.start)), token] as const),
      );
      for (const place of await placesInEngine(sql)) {
        const token = starts.get(Number(place.query_location));
        // A constant behind a sign begins with it.
        if (token?.text === '-') continue;
        const value = place.column_names?.[0] ?? place.value?.value;
        compared++;
        if (token?.kind === 'word' || token?.kind === 'quoted' || token?.kind === 'string') {
          expect([sql, token.keyword === 'NULL' ? undefined : token.text]).toEqual([sql, value]);
        } else expect([sql, token?.kind ?? place]).toEqual([sql, expect.stringMatching(/number|parameter|blob|bits/)]);
      }
    }
  }
  expect(compared).toBeGreaterThan(3000);
});

test('what the engine can parse is never refused, and has as many statements', () => {
  const next = random(2);
  let parsed = 0;
  for (let round = 0; round < 20_000; round++) {
    const pieces = Array.from({ length: 1 + Math.floor(next() * 4) }, () =>
      next() < 0.5 ? statement(next) : (NOISE[Math.floor(next() * NOISE.length)] as string),
    );
    const text = pieces.join(next() < 0.5 ? ';' : ' ');
    const expected = statementsInEngine(text);
    if (expected === undefined || text.includes('`')) continue;
    parsed++;
    expect([JSON.stringify(text), statementsOf(text).length, splitStatements(text).isOpen]).toEqual([
      JSON.stringify(text),
      expected,
      expect.anything(),
    ]);
    expect(() => tokenize(text)).not.toThrow();
  }
  expect(parsed).toBeGreaterThan(1000);
});
