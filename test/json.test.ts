import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { isJsonFloat, parseJson, parseJsonAsWritten, writeJson } from '../src/json.js';

describe('JSON', () => {
  it.each([
    'null',
    ' [ true , false,\t"" ]\r\n',
    '{}',
    '[]',
    '{"a": {"b": [1, -0, 0.5, 1e3, 1E-2, -12.5e+1]}}',
    String.raw`"\\ \" \/ \b\f\n\r\t \u00e4 \ud83e\udd89 \ud800"`,
    String.raw`["\\", "\\\"", "a\\\\"]`,
    '"ä🦉\u007f\u2028"',
    '{"a": 1, "a": 1}',
    '{"constructor": 1, "__proto__": {"a": 1}, "toString": null}',
  ])('%s is read as JSON.parse has it', (text) => {
    const read = parseJson(text);
    expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
    expect((read as { a?: unknown } | null)?.a).toEqual(JSON.parse(text)?.a);
  });

  it.each([
    '',
    ' ',
    '[',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a" 1}',
    '"',
    '"a',
    String.raw`"\"`,
    String.raw`"\x"`,
    String.raw`"\u12g4"`,
    '"a\nb"',
    '"\u0000"',
    '01',
    '1.',
    '.5',
    '+1',
    '-',
    '1e',
    'NaN',
    'tru',
    'nulls',
    '1 2',
    '{} x',
    '\u00a01',
    '\ufeff1',
  ])('%j is none', (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('has integers with all their digits', () => {
    const text = '[9007199254740993,-9223372036854775808,1,12345678901234567890123]';
    expect(parseJson(text)).toEqual([9007199254740993n, -9223372036854775808n, 1, 12345678901234567890123n]);
    expect(writeJson(parseJson(text))).toBe(text);
    expect((parseJsonAsWritten('[1, 1.0, 0.5, 1e2]') as unknown[]).map(isJsonFloat)).toEqual([false, true, true, true]);
  });

  it('says what is wrong and where', () => {
    expect(() => parseJson('{"a": 1 "b"}')).toThrow('The JSON has no comma between two members: at character 9, "\\""');
    expect(() => parseJson('[1')).toThrow('no comma between two items: at character 3, its end');
    expect(() => parseJson('{"a": 1, "a": 2}')).toThrow('two values of "a": at character 10');
  });

  it('is read to 2,000 levels, and refused below', () => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    expect(writeJson(parseJson(nested(2000)))).toBe(nested(2000));
    for (const text of [nested(2002), '['.repeat(1e6), '{"a":'.repeat(1e6)]) {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    }
  });

  it('keeps texts as they are, without many times their size', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const kept: unknown[] = [];
    let characters = 0;
    const before = held();
    for (let number = 0; number < 300; number++) {
      const locations = Array.from(
        { length: 50 },
        (_, at) => `s3://warehouse/demo/events/metadata/${number}-${at}.avro`,
      );
      const text = JSON.stringify({ locations, escaped: 'a\n'.repeat(100) });
      characters += text.length;
      kept.push(parseJson(text));
    }
    expect(held() - before).toBeLessThan(5 * characters);
    expect(kept).toHaveLength(300);
  });
});
