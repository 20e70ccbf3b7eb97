import { describe, expect, it } from 'vitest';
import { parseRestrictions, requireReadable, StatementSalt } from '../../src/governance/index.js';

const mask = (id: unknown, action: unknown, more = {}) => ({ 'field-id': id, action, ...more });
const masks = (...entries: unknown[]) => ({ 'required-column-projections': entries });

describe('restrictions', () => {
  it.each([
    ['none', undefined],
    ['null', null],
    ['an empty object', {}],
    ['empty parts', { 'required-column-projections': [], 'required-row-filter': null }],
    ['a filter that is always true', { 'required-row-filter': true }],
    ['a filter that is true, as an object', { 'required-row-filter': { type: 'true' } }],
  ])('that are %s restrict nothing', (_, json) => {
    expect(parseRestrictions(json)).toBeUndefined();
  });

  it('by false let no row be seen', () => {
    expect(parseRestrictions({ 'required-row-filter': false })?.filter).toEqual({ op: 'false' });
  });

  it.each<[string, unknown, string]>([
    ['two masks of one field', masks(mask(2, 'mask-alphanum'), mask(2, 'mask-alphanum')), 'two of them'],
    ['an unknown action', masks(mask(2, 'mask-to-default')), '"mask-to-default"'],
    ['no action', masks({ 'field-id': 2 }), 'not known'],
    ['no field id', masks({ action: 'mask-alphanum' }), 'field id'],
    ['a field id that is no integer', masks(mask('2', 'mask-alphanum')), 'field id'],
    ['a field id below 1', masks(mask(0, 'mask-alphanum')), 'field id'],
    ['a parameter of an action', masks(mask(2, 'show-first-4', { length: 6 })), '"length"'],
    ['another kind of rule', { 'required-noise': [] }, '"required-noise"'],
    ['no list of masks', { 'required-column-projections': {} }, 'no list'],
    ['a mask that is no object', masks('mask-alphanum'), 'no object'],
    ['no object', ['secret'], 'no object'],
  ])('with %s are refused by PERMISSION_DENIED', (_, restrictions, sentence) => {
    expect(() => requireReadable('lake.db.t', { restrictions })).toThrow(
      expect.objectContaining({ code: 'PERMISSION_DENIED', message: expect.stringContaining(sentence) }),
    );
    expect(() => requireReadable('lake.db.t', { restrictions })).toThrow('Table lake.db.t');
  });

  it('are refused without words that are none of the protocol', () => {
    const restrictions = masks(mask(2, "secret' OR 1=1"));
    expect(() => requireReadable('t', { restrictions })).toThrow(/^(?!.*secret)/);
  });
});

describe('the salt of a statement', () => {
  it('is the same throughout, at least 16 bytes long, and of no other statement', () => {
    const [salt, other] = [new StatementSalt(), new StatementSalt()];
    expect(salt.hex()).toBe(salt.hex());
    expect(salt.hex().length).toBeGreaterThanOrEqual(32);
    expect(salt.hex()).not.toBe(other.hex());
    expect(JSON.stringify(salt)).not.toContain(salt.hex());
  });
});

it.each([
  ['deeper', 101, 1, 'nested more than 100 levels'],
  ['of more parts', 1, 10_001, 'more than 10000'],
])('a filter that is %s than what is followed is refused', (_, depth, width, sentence) => {
  let filter: unknown = { type: 'not-null', child: { type: 'reference', id: 1 } };
  for (let level = 0; level < depth; level++) filter = { type: 'not', child: filter };
  for (let part = 1; part < width; part++) filter = { type: 'and', left: filter, right: true };
  expect(() => parseRestrictions({ 'required-row-filter': filter })).toThrow(sentence);
});
