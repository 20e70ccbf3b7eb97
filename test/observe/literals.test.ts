import { expect, it } from 'vitest';
import { withoutLiterals } from '../../src/sql/index.js';

it.each([
  ["SELECT * FROM t WHERE name = 'Müller' AND n > 42", 'SELECT * FROM t WHERE name = ? AND n > ?'],
  ["SELECT E'a\\'b', $$c$$, X'ff', 1.5e3", 'SELECT ?, ?, ?, ?'],
  ["SELECT 1 -- of 'Müller'\nFROM t /* his pin is 1234 */ WHERE a", 'SELECT ? FROM t WHERE a'],
  ['SELECT "a 1", `b` FROM t WHERE x = ? AND y = $2', 'SELECT "a 1", `b` FROM t WHERE x = ? AND y = $2'],
  ["SELECT 'never closed", '…'],
])('%s is written as %s', (sql, written) => {
  expect(withoutLiterals(sql)).toBe(written);
});
