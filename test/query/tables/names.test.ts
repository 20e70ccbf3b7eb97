import { describe, expect, it } from 'vitest';
import { likeMatcher, namespaceOf, resolveTable, schemaName } from '../../../src/query/tables/names.js';

const context = (session: { catalog?: string; schema?: string[] } = {}, catalogs = ['lake', 'other']) => ({
  catalogs,
  session: { catalog: session.catalog, schema: session.schema },
});

describe('schema names', () => {
  it.each([
    ['a', ['a']],
    ['a.b', ['a', 'b']],
    ['"a.b".c', ['a.b', 'c']],
    ['"say ""hi"""', ['say "hi"']],
  ])('%s stands for the levels %j, and back', (name, levels) => {
    expect(namespaceOf(name)).toEqual(levels);
    expect(schemaName(levels)).toBe(name);
  });
});

describe('resolveTable', () => {
  it('looks a bare name up in the current schema', () => {
    expect(resolveTable(context({ catalog: 'lake', schema: ['a', 'b'] }), ['t'])).toEqual({
      catalog: 'lake',
      namespace: ['a', 'b'],
      name: 't',
    });
  });

  it('takes the first name as a catalog where one is configured so, in any case', () => {
    expect(resolveTable(context(), ['LAKE', 'a.b', 't'])).toEqual({
      catalog: 'lake',
      namespace: ['a', 'b'],
      name: 't',
    });
  });

  it('takes the only catalog where none is chosen', () => {
    expect(resolveTable(context({}, ['lake']), ['s', 't'])).toEqual({ catalog: 'lake', namespace: ['s'], name: 't' });
  });

  it('says which catalogs there are where the name leaves it open', () => {
    expect(() => resolveTable(context(), ['s', 't'])).toThrow('lake, other');
  });
});

describe('likeMatcher', () => {
  it.each([
    ['a%', 'abc', true],
    ['a_c', 'abc', true],
    ['a_c', 'abbc', false],
    ['a\\_c', 'abc', false],
    ['a\\_c', 'a_c', true],
    ['A%', 'abc', false],
    ['a.c', 'abc', false],
  ])('%s against %s: %s', (pattern, text, matches) => {
    expect(likeMatcher(pattern)(text)).toBe(matches);
  });
});
