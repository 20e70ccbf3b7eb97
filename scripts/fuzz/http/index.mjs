/** What is sent to the HTTP listener, harmed: each request ends with an answer that says what is wrong with it, and the server serves the next. */
import { pick } from '../mutation.mjs';
import { exchange, parseAnswer } from './exchange.mjs';
import { harmedRequest } from './harmed-requests.mjs';
import { soundRequests } from './sound-requests.mjs';

export const description = 'requests over HTTP, harmed: methods, paths, headers, framing, JSON';
export const usualCount = 20_000;
/** Tokens are refused all the time here. */
export const server = { settings: '[limits]\nrefused_tokens = 1000000000\nstatement_timeout = "30s"' };

const AT_A_TIME = 8;
/** The server is asked for something sound after so many. */
const BETWEEN_CHECKS = 100;
/** Of the token that is searched for in answers, in characters. */
const WINDOW = 24;
/** What only the inside of the server knows. */
const inside = [/\n\s+at\s.+:\d+:\d+/, /node_modules/, /\/(?:src|dist)\/\w+\//, /file:\/\//];

export async function run({ count, seed, randomFrom, server, log }) {
  const port = Number(new URL(server.httpUrl).port);
  const token = await server.token('adminuser');
  const sound = soundRequests(token);
  const [, ...secret] = token.split('.');
  const windows = secret.flatMap((part) => windowsOf(part));
  const wrong = [];
  const statuses = new Map();
  let next = 0;

  async function one(number) {
    const random = randomFrom(`${seed} ${number}`);
    const request = harmedRequest(random, pick(random, sound), token);
    const { answer, isLate } = await exchange(port, request);
    const parsed = parseAnswer(answer);
    const ended = parsed?.status ?? (request.isCut ? 'cut' : answer.length === 0 ? 'closed' : 'no HTTP');
    statuses.set(ended, (statuses.get(ended) ?? 0) + 1);
    const faults = [];
    if (isLate) faults.push(`was not over after its time, with ${answer.length} bytes of an answer`);
    if (ended === 'no HTTP') faults.push(`was answered ${JSON.stringify(answer.toString('latin1').slice(0, 100))}`);
    if (ended === 'closed' && request.isWhole) faults.push('had no answer');
    if (parsed !== undefined) faults.push(...faultsOf(parsed, windows));
    for (const fault of faults) wrong.push(`number ${number}, ${request.what.slice(0, 200)} ${fault}`);
  }

  async function check(number) {
    const answer = await fetch(`${server.httpUrl}/v1/statements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sql' },
      body: 'SELECT 42',
    });
    const text = await answer.text();
    if (answer.status !== 200 || !text.includes('[42]'))
      wrong.push(`after number ${number} the server answers ${text}`);
    const health = await fetch(`${server.httpUrl}/healthz`);
    if ((await health.json()).status !== 'alive') wrong.push(`after number ${number} the server is not alive`);
  }

  async function worker() {
    while (next < count && wrong.length < 20) {
      const number = next++;
      await one(number);
      if (number % BETWEEN_CHECKS === 0) await check(number);
    }
  }

  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  if (server.deaths() > 0) wrong.push(`${server.deaths()} engine processes ended`);
  wrong.push(...server.errors().map((message) => `the server's log has an error: ${message}`));
  log(
    [...statuses]
      .sort(([, a], [, b]) => b - a)
      .map(([status, times]) => `${status} ${times}`)
      .join(', '),
  );
  return wrong;
}

function faultsOf({ status, head, body }, windows) {
  const faults = [];
  const text = `${head}\n${body}`;
  if (status >= 500 && status !== 501 && status !== 505) faults.push(`was answered ${status}: ${body.slice(0, 300)}`);
  if (/"code":"(?:INTERNAL|UNKNOWN|DATA_LOSS)"|"INTERNAL: /.test(body))
    faults.push(`was answered ${body.slice(0, 300)}`);
  if (inside.some((pattern) => pattern.test(text))) faults.push(`tells of the server's inside: ${text.slice(0, 500)}`);
  if (windows.some((window) => text.includes(window)))
    faults.push(`has the token in its answer: ${text.slice(0, 300)}`);
  if (/^content-type: application\/problem\+json/im.test(head) && body !== '') {
    const problem = parsed(body);
    if (problem?.status !== status) faults.push(`was answered ${status} with the problem ${body.slice(0, 300)}`);
  }
  return faults;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function windowsOf(text) {
  const windows = [];
  for (let at = 0; at + WINDOW <= text.length; at += WINDOW / 2) windows.push(text.slice(at, at + WINDOW));
  return windows;
}
