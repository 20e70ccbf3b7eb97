import { expect, it } from 'vitest';
import { normalizeLocation, parseLocation } from '../../src/storage/index.js';

it('the names of one place have one spelling', () => {
  const names = ['/a/b c%20', 'file:/a/b c%20', 'file:///a/b c%20', 'file://localhost/a/b c%20', 'file:////a//b c%20'];
  expect(names.map(normalizeLocation)).toEqual(names.map(() => 'file:///a/b c%20'));
  const keys = ['s3://b/k//x', 's3a://b/k//x', 's3n://b/k//x'];
  expect(keys.map(normalizeLocation)).toEqual(keys.map(() => 's3://b/k//x'));
});

it('names of other places keep theirs', () => {
  for (const location of ['file://host/a', 'gs://b/k', 'relative/path', 's3://b', 'https://host//x', '']) {
    expect(normalizeLocation(location)).toBe(location);
  }
  expect(() => parseLocation('file://host/a')).toThrow('neither on S3 nor a local file');
});
