import { expect, it } from 'vitest';
import type { NestedField } from '../../../src/iceberg/types.js';
import { withDefaults } from '../../../src/query/writing/default-values.js';

const columns: NestedField[] = [
  { id: 1, name: 'n', required: false, type: { kind: 'primitive', type: 'int' }, writeDefault: 7 },
  { id: 2, name: 's', required: false, type: { kind: 'primitive', type: 'string' } },
  { id: 3, name: 'must', required: true, type: { kind: 'primitive', type: 'int' } },
];

it.each([
  ['VALUES (DEFAULT, DEFAULT, 1)', "VALUES (CAST('7' AS INTEGER), NULL, 1)"],
  [
    "values ((1), f(2, 3), [4, 5]), (default, g('DEFAULT'), 6)",
    "values ((1), f(2, 3), [4, 5]), (CAST('7' AS INTEGER), g('DEFAULT'), 6)",
  ],
  // Where some rows give a text and others none, all are cast to the type of the column.
  ["VALUES ('1', a, 2), (3, NULL, 4)", "VALUES (CAST('1' AS INTEGER), a, 2), (CAST(3 AS INTEGER), NULL, 4)"],
  ['VALUES (1, "default", 2)', 'VALUES (1, "default", 2)'],
  ['VALUES (1, t.default, 2)', 'VALUES (1, t.default, 2)'],
  ['SELECT DEFAULT, 1, 2', 'SELECT DEFAULT, 1, 2'],
])('%s', (sql, replaced) => {
  expect(withDefaults(sql, columns)).toBe(replaced);
});

it('refuses the default of a required column that has none', () => {
  expect(() => withDefaults('VALUES (1, 2, DEFAULT)', columns)).toThrow('"must" takes no nulls');
});

it('refuses more values than columns', () => {
  expect(() => withDefaults('VALUES (1, 2, 3, DEFAULT)', columns)).toThrow('no column for value 4');
});
