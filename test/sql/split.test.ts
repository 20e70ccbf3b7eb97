import { expect, test } from 'vitest';
import { atOnce, firstStatementSteps, firstWord, splitStatements, statementsOf } from '../../src/sql/index.js';

test.each([
  ['SELECT 1; SELECT 2;', ['SELECT 1', 'SELECT 2']],
  ['SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ["SELECT ';', 'it''s; fine'; SELECT 2", ["SELECT ';', 'it''s; fine'", 'SELECT 2']],
  ['SELECT ";""; " FROM "a;b"; x', ['SELECT ";""; " FROM "a;b"', 'x']],
  ["SELECT E'\\';', e'a\\\\'; x", ["SELECT E'\\';', e'a\\\\'", 'x']],
  ["SELECT 'a\\'; x", ["SELECT 'a\\'", 'x']],
  ['SELECT $$a;b$$, $tag$ ; $$ ; $tag$; x', ['SELECT $$a;b$$, $tag$ ; $$ ; $tag$', 'x']],
  ['SELECT $1; SELECT a$b$c; x', ['SELECT $1', 'SELECT a$b$c', 'x']],
  ["SELECT 1 -- it's; not\n; x", ['SELECT 1', 'x']],
  ['SELECT 1 -- one\r; SELECT 2', ['SELECT 1', 'SELECT 2']],
  ['SELECT * FROM `a;b`; x', ['SELECT * FROM `a;b`', 'x']],
  ["SELECT * FROM `it's`; SELECT 2", ["SELECT * FROM `it's`", 'SELECT 2']],
  ["SELECT X'ab;'; SELECT B'1;'; x", ["SELECT X'ab;'", "SELECT B'1;'", 'x']],
  ["SELECT 'a'\n'b;\"'; x", ["SELECT 'a'\n'b;\"'", 'x']],
  ["SELECT $e'\\';' ; x", ["SELECT $e'\\';'", 'x']],
  ['SELECT /* a; /* nested; */ ; */ 1; x', ['SELECT /* a; /* nested; */ ; */ 1', 'x']],
  ['-- only a comment\n;; /* nothing */ ;', []],
  ['', []],
  ["SELECT 'never closed; x", ["SELECT 'never closed; x"]],
  ["SELECT E'never closed; x", ["SELECT E'never closed; x"]],
  ['SELECT 1 /* never closed; x', ['SELECT 1 /* never closed; x']],
  ['SELECT 1; /* never closed', ['SELECT 1', '/* never closed']],
  ['SELECT * FROM `never closed; x', ['SELECT * FROM `never closed; x']],
])('%j', (text, statements) => {
  expect(statementsOf(text)).toEqual(statements);
});

test('a text that is still being typed is known by what follows its last semicolon', () => {
  expect(splitStatements('SELECT 1; SELECT\n 2')).toEqual({
    statements: ['SELECT 1'],
    rest: ' SELECT\n 2',
    isOpen: true,
  });
  expect(splitStatements('SELECT 1;\n')).toMatchObject({ isOpen: false });
  expect(splitStatements("SELECT ';")).toMatchObject({ statements: [], isOpen: true });
});

test.each([
  ['select 1', 'SELECT'],
  ['-- create\n/* drop /* nested */ */ ((Insert into t', 'INSERT'],
  ['"create" 1', ''],
  ['/* never closed', ''],
  ['', ''],
])('the first word of %j is %j', (text, word) => {
  expect(firstWord(text)).toBe(word);
});

test.each([
  ['-- one\n  SELECT 1 -- two\n;', 1, '-- one\n  SELECT 1'],
  [';; SELECT 1', 1, 'SELECT 1'],
  ['SELECT 1; SELECT 2', 2, 'SELECT 1'],
  [' /* nothing */ ;', 0, ''],
])('what is read of %j are %i statements, the first with its lines as they were sent', (text, count, first) => {
  const read = atOnce(firstStatementSteps(text));
  expect([read.count, read.first.text]).toEqual([count, first]);
});
