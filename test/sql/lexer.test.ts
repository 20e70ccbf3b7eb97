import { expect, test } from 'vitest';
import { lineAndColumn, type Token, tokenize } from '../../src/sql/index.js';

const seen = (text: string) => [...tokenize(text)].map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);
const only = (text: string) => {
  const tokens = [...tokenize(text)];
  expect(tokens.length).toBe(1);
  return tokens[0] as Token;
};

test('words, names in quotes, numbers and parameters', () => {
  expect(seen('a é𝄞_1 x$y "a ""b""" `c``d` U&"\\0041"')).toEqual([
    'word a',
    'word é𝄞_1',
    'word x$y',
    'quoted "a ""b"""',
    'quoted `c``d`',
    'quoted U&"\\0041"',
  ]);
  expect(seen('1_000 1.5e-3 .5 5. 1..2 1e 1__0')).toEqual(
    'number 1_000|number 1.5e-3|number .5|number 5.|number 1|symbol ..|number 2|number 1|word e|number 1|word __0'.split(
      '|',
    ),
  );
  expect(seen('? ?12 $1 $name a$1 $ x')).toEqual(
    'parameter ?|parameter ?12|parameter $1|parameter $name|word a$1|symbol $|word x'.split('|'),
  );
});

test('operators end before comments, and before signs that belong to what follows', () => {
  expect(seen('a=-1 b->>c d||-e f@-1 g+/* */h i*--\nj k<>+-l m::n o:=p')).toEqual(
    (
      'word a|symbol =|symbol -|number 1|word b|symbol ->>|word c|word d|symbol ||-|word e|word f|symbol @-|number 1|' +
      'word g|symbol +|word h|word i|symbol *|word j|word k|symbol <>|symbol +|symbol -|word l|word m|symbol ::|word n|word o|symbol :=|word p'
    )
      .replace('symbol ||-', 'symbol OR-')
      .split('|')
      .map((part) => part.replace('OR-', '||-')),
  );
});

test.each([
  [`'it''s'`, 'string', "it's"],
  [`E'a\\'\\n\\x41\\101\\u00e9\\xc3\\xa9\\U0001d11e\\q'`, 'string', "a'\nAAéé𝄞q"],
  [`U&'\\0041\\+01d11e\\\\'`, 'string', 'A𝄞\\'],
  [`'a' -- 'x'\n 'b''c'`, 'string', "ab'c"],
  [`$$a'$b$$`, 'string', "a'$b"],
  ['$é$ $$ $é$', 'string', ' $$ '],
  [`x'dead'\n'beef'`, 'blob', 'deadbeef'],
  [`B'01'`, 'bits', '01'],
  ['"a ""b"""', 'quoted', 'a "b"'],
  ['`c``d`', 'quoted', 'c`d'],
])('%s is one token, a %s', (text, kind, value) => {
  expect(only(text)).toMatchObject({ kind, text: value, start: 0, end: text.length });
});

test.each([
  "SELECT 'a",
  'SELECT "a',
  'SELECT `a',
  'SELECT $x$ a $y$',
  'SELECT /* /* */',
  "SELECT E'a\\'",
  "SELECT x'a",
])('what is not closed is refused with its place: %s', (text) => {
  expect(() => tokenize(`--\n${text}`)).toThrow(/ is not closed \(line 2, column 8\)/);
});

test('brackets nest no deeper than the engine can read', () => {
  expect(tokenize(`${'(['.repeat(500)}1${'])'.repeat(500)}`).length).toBe(2001);
  expect(() => tokenize(`${'('.repeat(1001)}1`)).toThrow(/nested more than 1000 deep \(line 1, column 1001\)/);
});

test('comments and the spaces of all scripts separate tokens, and are none', () => {
  expect(seen('a\u00a0b\u3000c\ufeff/* /* */ */--\rd -- e')).toEqual(['word a', 'word b', 'word c', 'word d']);
});

test('a piece of a text has the tokens that lie in it, at their places in the piece', () => {
  const text = 'SELECT a, b FROM c';
  const piece = tokenize(text).within(7, 11);
  expect([piece.text, ...[...piece].map(({ text: word, start }) => [word, start])]).toEqual([
    'a, b',
    ['a', 0],
    [',', 1],
    ['b', 3],
  ]);
});

test('lines and columns count characters', () => {
  expect(lineAndColumn("SELECT 'é𝄞',\n  '𝄞' x", 20)).toBe('line 2, column 6');
  expect(lineAndColumn('a', 1)).toBe('line 1, column 2');
});
