import { expect, it } from 'vitest';
import { parseSchema } from '../../src/iceberg/schema.js';

const field = (id: number, type: unknown) => ({ id, name: `c${id}`, type, required: false });
const schema = (...fields: unknown[]) => ({ type: 'struct', fields });

it.each([
  ['columns', schema(...Array.from({ length: 10_001 }, (_, index) => field(index + 1, 'int')))],
  ['fields', schema(field(1, schema(...Array.from({ length: 10_000 }, (_, index) => field(index + 2, 'int')))))],
])('a schema of more %s than can be planned is refused with a sentence', (_, json) => {
  expect(() => parseSchema(json)).toThrow(
    expect.objectContaining({ code: 'UNIMPLEMENTED', message: expect.stringContaining('more than 10000 columns') }),
  );
});

it.each([
  [
    'lists',
    (type: unknown, id: number) => ({ type: 'list', 'element-id': id, element: type, 'element-required': false }),
  ],
  ['structs', (type: unknown, id: number) => schema(field(id, type))],
])('a type of %s in one another, without an end, is refused with a sentence', (_, within) => {
  let type: unknown = 'int';
  for (let depth = 0; depth < 100_000; depth++) type = within(type, depth + 2);
  expect(() => parseSchema(schema(field(1, type)))).toThrow(
    expect.objectContaining({ code: 'UNIMPLEMENTED', message: expect.stringContaining('more than 100 levels') }),
  );
});

it('a schema of thousands of columns is none of them', () => {
  expect(
    parseSchema(schema(...Array.from({ length: 10_000 }, (_, index) => field(index + 1, 'int')))).fields,
  ).toHaveLength(10_000);
});
