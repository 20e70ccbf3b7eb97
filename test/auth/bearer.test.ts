import { expect, test } from 'vitest';
import { bearerFrom } from '../../src/auth/index.js';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.c2ln';
const basic = (text: string) => Buffer.from(text).toString('base64');

test.each([`Bearer ${JWT}`, `bearer ${JWT}`, `BEARER   ${JWT} `])('a bearer header in any case', (header) => {
  expect(bearerFrom(header)).toBe(JWT);
});

test.each([`token:${JWT}`, `:${JWT}`, `anyone:${JWT}`])(
  'the token as password of a tool that knows only user and password: %s',
  (text) => {
    expect(bearerFrom(`Basic ${basic(text)}`)).toBe(JWT);
    expect(bearerFrom(`basic ${basic(text).replace(/=+$/, '')}`)).toBe(JWT);
  },
);

test("with the user 'token' the password is the token, whatever it looks like", () => {
  expect(bearerFrom(`Basic ${basic('token:not.a.real.jwt')}`)).toBe('not.a.real.jwt');
});

test('a password is refused by a sentence that says what to do and does not repeat it', () => {
  expect(() => bearerFrom(`Basic ${basic('admin:hunter2')}`)).toThrow(/takes no passwords.*user 'token'/);
  expect(() => bearerFrom(`Basic ${basic('admin:hunter2')}`)).not.toThrow(/hunter2/);
});

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Negotiate abc',
  'Basic !!!',
  `Basic ${basic('nocolon')}`,
  `Basic ${basic('token:')}`,
])('%j is refused', (header) => {
  expect(() => bearerFrom(header)).toThrowError(expect.objectContaining({ code: 'UNAUTHENTICATED' }));
});
