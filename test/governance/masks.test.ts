import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Type } from '../../src/iceberg/types.js';
import { bind, type Evaluator, field, openEvaluator, primitive, SALT } from './support/evaluate.js';

let evaluator: Evaluator;
beforeAll(async () => {
  evaluator = await openEvaluator();
});
afterAll(() => evaluator?.close());

const projections = (...masks: [number, string][]) =>
  JSON.stringify({ 'required-column-projections': masks.map(([id, action]) => ({ 'field-id': id, action })) });

/** A value, in SQL, as the action shows it. */
async function masked(action: string, type: Type | string, value: string, salt = SALT): Promise<string | null> {
  const [row] = await evaluator.seen([field(1, 'c', type)], [`(${value})`], projections([1, action]), { salt });
  return row?.[0] ?? null;
}

const text = (value: string) => `decode(unhex('${Buffer.from(value).toString('hex')}'))`;

const man = '\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}';
const grin = '\u{1F600}';

describe('a mask of strings, code point by code point', () => {
  it.each([
    ['mask-alphanum', 'iceberg16112018@apache.org', 'xxxxxxxnnnnnnnn@xxxxxx.xxx'],
    ['mask-alphanum', '(555) 123-4567', '(nnn)xnnn-nnnn'],
    ['mask-alphanum', '', ''],
    ['mask-alphanum', 'Zo\u{EB}_99', 'xxxxnn'],
    ['mask-alphanum', 'e\u{301}', 'xx'],
    ['mask-alphanum', `${grin}a`, 'xx'],
    ['mask-alphanum', man, 'xxxxx'],
    ['mask-alphanum', '\u{663}5\u{FF15}', 'xnx'],
    ['mask-alphanum', 'a\tb\nc', 'xxxxx'],
    ['mask-alphanum', '12\u{2013}34', 'nnxnn'],
    ['mask-alphanum', '12,345.60', 'nn,nnn.nn'],
    ['mask-alphanum', 'x_N+1', 'xxxxn'],
    ['mask-alphanum', 'a\0\r\u{2028}1', 'xxxxn'],
    ['show-first-4', 'iceberg16112018@apache.org', 'icebxxxnnnnnnnn@xxxxxx.xxx'],
    ['show-first-4', '4111-1111-1111-4444', '4111-nnnn-nnnn-nnnn'],
    ['show-first-4', 'abcd', 'abcd'],
    ['show-first-4', 'ab', 'ab'],
    ['show-first-4', '', ''],
    ['show-first-4', 'abcde', 'abcdx'],
    ['show-first-4', '12345', '1234n'],
    ['show-first-4', `${grin.repeat(4)}9`, `${grin.repeat(4)}n`],
    ['show-first-4', 'AB-12@x.y', 'AB-1n@x.x'],
    ['show-last-4', '4111-1111-1111-4444', 'nnnn-nnnn-nnnn-4444'],
    ['show-last-4', 'iceberg16112018@apache.org', 'xxxxxxxnnnnnnnn@xxxxxx.org'],
    ['show-last-4', 'abcd', 'abcd'],
    ['show-last-4', 'abc', 'abc'],
    ['show-last-4', '', ''],
    ['show-last-4', 'abcde', 'xbcde'],
    ['show-last-4', '12345', 'n2345'],
    ['show-last-4', `9${grin.repeat(4)}`, `n${grin.repeat(4)}`],
  ])('%s shows %j as %j', async (action, value, shown) => {
    expect(await masked(action, 'string', text(value))).toBe(shown);
  });

  it.each(['mask-alphanum', 'show-first-4', 'show-last-4'])(
    '%s keeps null, and goes with strings alone',
    async (action) => {
      expect(await masked(action, 'string', 'NULL')).toBeNull();
      expect(() => bind([field(1, 'c', 'int')], projections([1, action]))).toThrow('does not go with the type');
    },
  );
});

const struct: Type = { kind: 'struct', fields: [field(2, 'id', 'int'), field(3, 'payload', 'binary')] };
const ints: Type = { kind: 'list', elementId: 2, elementRequired: false, element: primitive('int') };
const numbers: Type = {
  kind: 'map',
  keyId: 2,
  key: primitive('string'),
  valueId: 3,
  valueRequired: false,
  value: primitive('int'),
};
const decimal: Type = { kind: 'decimal', precision: 10, scale: 2 };

describe('mask-to-fixed-value', () => {
  it.each<[string, Type | string, string, string]>([
    ['int', 'int', '42', '0'],
    ['a null int', 'int', 'NULL', '0'],
    ['long', 'long', '42', '0'],
    ['string', 'string', "'anything'", 'XXXXXXXX'],
    ['an empty string', 'string', "''", 'XXXXXXXX'],
    ['a null string', 'string', 'NULL', 'XXXXXXXX'],
    ['boolean', 'boolean', 'true', 'false'],
    ['a null boolean', 'boolean', 'NULL', 'false'],
    ['decimal', decimal, '12.34', '0.00'],
    ['double', 'double', '3.14', '0.0'],
    ['NaN', 'double', "'NaN'::DOUBLE", '0.0'],
    ['float', 'float', '3.14', '0.0'],
    ['date', 'date', "DATE '2024-07-15'", '1970-01-01'],
    ['time', 'time', "TIME '10:00:00'", '00:00:00'],
    ['timestamp', 'timestamp', "TIMESTAMP '2024-07-15 01:02:03'", '1970-01-01 00:00:00'],
    ['timestamp_ns', 'timestamp_ns', "TIMESTAMP_NS '2024-07-15 01:02:03'", '1970-01-01 00:00:00'],
    ['timestamptz', 'timestamptz', "TIMESTAMPTZ '2024-07-15 01:02:03+02'", '1969-12-31 19:00:00-05'],
    ['binary', 'binary', "'\\x01\\x02\\x03'::BLOB", ''],
    ['fixed', { kind: 'fixed', length: 3 }, "'abc'::BLOB", '\\x00\\x00\\x00'],
    ['uuid', 'uuid', "'11111111-1111-1111-1111-111111111111'::UUID", '00000000-0000-0000-0000-000000000000'],
    ['list', ints, '[1, 2]', '[]'],
    ['a null list', ints, 'NULL', '[]'],
    ['map', numbers, "MAP {'a': 1}", '{}'],
    ['a null struct', struct, 'NULL', "{'id': 0, 'payload': ''}"],
  ])('shows %s as its fixed value', async (_, type, value, shown) => {
    expect(await masked('mask-to-fixed-value', type, value)).toBe(shown);
  });

  it.each<[string, Type]>([
    ['geometry', { kind: 'geometry', crs: 'OGC:CRS84' }],
    [
      'a struct that holds one',
      { kind: 'struct', fields: [field(2, 's', struct), field(4, 'g', { kind: 'geometry', crs: 'x' })] },
    ],
    ['unknown', primitive('unknown')],
  ])('does not go with %s', (_, type) => {
    expect(() => bind([field(1, 'c', type)], projections([1, 'mask-to-fixed-value']))).toThrow('does not go with');
  });
});

describe('truncation', () => {
  it.each<[string, string, string, string]>([
    ['date', "DATE '2024-07-15'", '2024-01-01', '2024-07-01'],
    ['date', "DATE '1969-07-15'", '1969-01-01', '1969-07-01'],
    ['date', "DATE '2024-02-29'", '2024-01-01', '2024-02-01'],
    ['date', "DATE '9999-12-31'", '9999-01-01', '9999-12-01'],
    ['timestamp', "TIMESTAMP '2024-07-15 13:45:30'", '2024-01-01 00:00:00', '2024-07-01 00:00:00'],
    ['timestamp', "TIMESTAMP '1969-12-31 23:59:59.999999'", '1969-01-01 00:00:00', '1969-12-01 00:00:00'],
    // Shown in the session's time zone, New York.
    ['timestamptz', "TIMESTAMPTZ '2024-01-01 00:30:00+02'", '2022-12-31 19:00:00-05', '2023-11-30 19:00:00-05'],
    ['timestamp_ns', "TIMESTAMP_NS '2024-02-29 12:34:56.123456789'", '2024-01-01 00:00:00', '2024-02-01 00:00:00'],
    ['timestamp_ns', "TIMESTAMP_NS '2023-12-31 23:59:59.999999999'", '2023-01-01 00:00:00', '2023-12-01 00:00:00'],
    ['timestamp_ns', 'make_timestamp_ns(-1)', '1969-01-01 00:00:00', '1969-12-01 00:00:00'],
    ['timestamp_ns', 'make_timestamp_ns(-31536000000000001)', '1968-01-01 00:00:00', '1968-12-01 00:00:00'],
    ['timestamp_ns', 'make_timestamp_ns(-2678400000000000)', '1969-01-01 00:00:00', '1969-12-01 00:00:00'],
  ])('of %s %s is by the calendar in UTC', async (type, value, year, month) => {
    expect(await masked('truncate-to-year', type, value)).toBe(year);
    expect(await masked('truncate-to-month', type, value)).toBe(month);
  });

  it('of moments in nanoseconds is in UTC as well', async () => {
    const value = "CAST('2024-01-01 00:30:00.123456789+02' AS TIMESTAMPTZ_NS)";
    expect(await masked('truncate-to-year', 'timestamptz_ns', value)).toMatch(/^2023-01-01 00:00:00/);
    expect(await masked('truncate-to-month', 'timestamptz_ns', value)).toMatch(/^2023-12-01 00:00:00/);
    expect(await masked('mask-to-fixed-value', 'timestamptz_ns', value)).toMatch(/^1970-01-01 00:00:00/);
    const last = "CAST('2023-12-31 23:59:59.999999999+00' AS TIMESTAMPTZ_NS)";
    expect(await masked('truncate-to-year', 'timestamptz_ns', last)).toMatch(/^2023-01-01 00:00:00/);
  });

  it('fails where nanoseconds do not reach that far back', async () => {
    const value = 'make_timestamp_ns(-9223372036854775615)';
    for (const action of ['truncate-to-year', 'truncate-to-month']) {
      await expect(masked(action, 'timestamp_ns', value)).rejects.toThrow("can't be given in nanoseconds");
    }
  });

  it('keeps null, and goes with dates and timestamps alone', async () => {
    expect(await masked('truncate-to-year', 'date', 'NULL')).toBeNull();
    expect(() => bind([field(1, 'c', 'string')], projections([1, 'truncate-to-month']))).toThrow('does not go with');
  });
});

describe('replace-with-null', () => {
  it.each<[Type | string, string]>([
    ['int', '42'],
    ['string', "'hello'"],
    ['int', 'NULL'],
    [ints, '[1, 2]'],
    [struct, "{'id': 1, 'payload': 'a'::BLOB}"],
  ])('of %j', async (type, value) => {
    expect(await masked('replace-with-null', type, value)).toBeNull();
  });

  it('does not go with a required field', () => {
    expect(() => bind([field(1, 'c', 'int', true)], projections([1, 'replace-with-null']))).toThrow('required');
    const required: Type = { ...ints, elementRequired: true } as Type;
    expect(() => bind([field(1, 'c', required)], projections([2, 'replace-with-null']))).toThrow('required');
  });
});

const digest =
  '\\x03\\x90X\\xC6\\xF2\\xC0\\xCBI,S;\\x0AM\\x14\\xEFw\\xCC\\x0Fx\\xAB\\xCC\\xCE\\xD5(}\\x84\\xA1\\xA2\\x01\\x1C\\xFB\\x81';

describe('sha-256-global', () => {
  it.each([
    ['string', "''", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['string', "'hello'", '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
    ['string', text('\u{E9}'), '4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c'],
    ['string', text('e\u{301}'), 'bf12767b0f2a56b2190075bae8169f656e3ce8d6357d4aff184bc6c7ea48f9f6'],
    ['string', text(grin), 'f0443a342c5ef54783a111b51ba56c938e474c32324d90c3a60c9c8e3a37e2d9'],
    ['int', '0', '-1738457121'],
    ['int', '42', '-290282264'],
    ['int', '-1', '454268333'],
    ['int', '2147483647', '939902882'],
    ['int', '-2147483648', '644438125'],
    ['long', '0', '8794265229978523055'],
    ['long', '42', '-4111196313959201555'],
    ['long', '-1', '6759447113877070610'],
    ['long', '9007199254740993', '443498868564678943'],
    ['long', "'-9223372036854775808'::BIGINT", '6374347445474471398'],
    ['binary', "'\\x01\\x02\\x03'::BLOB", digest],
  ])('of %s %s', async (type, value, shown) => {
    expect(await masked('sha-256-global', type, value)).toBe(shown);
  });

  it.each(['string', 'int', 'long', 'binary'])('of a null %s is null', async (type) => {
    expect(await masked('sha-256-global', type, 'NULL')).toBeNull();
    expect(await masked('sha-256-query-local', type, 'NULL')).toBeNull();
  });

  it.each<Type>([primitive('date'), primitive('uuid'), decimal, { kind: 'fixed', length: 2 }])(
    'does not go with %j',
    (type) => {
      for (const action of ['sha-256-global', 'sha-256-query-local']) {
        expect(() => bind([field(1, 'c', type)], projections([1, action]))).toThrow('does not go with');
      }
    },
  );
});

describe('sha-256-query-local', () => {
  it.each([
    ['string', "'hello'", '7c9f5b9e4cc36c703715bb6eedcbb8bd80840fd48d135a07af861d1a027be360'],
    ['string', "''", 'be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991'],
    ['int', '42', '1099986750'],
    ['long', '42', '-5699301966259019617'],
  ])('of %s %s with a salt', async (type, value, shown) => {
    expect(await masked('sha-256-query-local', type, value)).toBe(shown);
  });

  it('of bytes, and with another salt', async () => {
    const bytes = await masked('sha-256-query-local', 'binary', "'\\x01\\x02\\x03'::BLOB");
    expect(bytes).toContain('\\x05\\x93\\x8E\\x9A\\x8B\\xCF');
    expect(await masked('sha-256-query-local', 'string', "'hello'", 'ff'.repeat(32))).toBe(
      'b0724fd4c01aa57025ad5bd7e76ccab577d211cf44466768c83ae03a80289132',
    );
  });
});

describe('a mask of a field inside others', () => {
  const person: Type = { kind: 'struct', fields: [field(2, 'name', 'string'), field(3, 'age', 'int', true)] };
  const people: Type = { kind: 'list', elementId: 10, elementRequired: false, element: person };
  const phones: Type = {
    ...numbers,
    value: { kind: 'list', elementId: 4, elementRequired: false, element: primitive('string') },
  } as Type;
  const seen = async (type: Type, value: string, ...masks: [number, string][]) =>
    (await evaluator.seen([field(1, 'c', type)], [`(${value})`], projections(...masks)))[0]?.[0];

  it('reaches into structs, lists and map values, and leaves the rest', async () => {
    expect(await seen(person, "{'name': 'Ada1', 'age': 36}", [2, 'mask-alphanum'])).toBe("{'name': xxxn, 'age': 36}");
    expect(await seen(people, "[{'name': 'Ada', 'age': 36}, NULL]", [2, 'mask-to-fixed-value'])).toBe(
      "[{'name': XXXXXXXX, 'age': 36}, NULL]",
    );
    expect(await seen(ints, '[1, NULL]', [2, 'replace-with-null'])).toBe('[NULL, NULL]');
    expect(await seen(phones, "MAP {'a': ['12-3', NULL]}", [4, 'mask-alphanum'])).toBe('{a=[nn-n, NULL]}');
    expect(await seen(numbers, "MAP {'a': 7}", [3, 'mask-to-fixed-value'])).toBe('{a=0}');
  });

  it('leaves a null parent null', async () => {
    expect(await seen(person, 'NULL', [2, 'mask-to-fixed-value'])).toBeNull();
    expect(await seen(people, 'NULL', [2, 'mask-to-fixed-value'])).toBeNull();
    expect(await seen(numbers, 'NULL', [3, 'mask-to-fixed-value'])).toBeNull();
  });

  it('is refused of the key of a map, and of a field around or inside another masked one', () => {
    expect(() => bind([field(1, 'c', numbers)], projections([2, 'mask-alphanum']))).toThrow('key of a map');
    expect(() => bind([field(1, 'c', person)], projections([1, 'replace-with-null'], [2, 'mask-alphanum']))).toThrow(
      'lies inside',
    );
    expect(() =>
      bind([field(1, 'c', people)], projections([3, 'mask-to-fixed-value'], [1, 'replace-with-null'])),
    ).toThrow('lies inside');
  });

  it('is of no concern where the schema has no such field', () => {
    expect(bind([field(1, 'c', 'int')], projections([7, 'mask-alphanum']))?.masks).toEqual([]);
  });
});
