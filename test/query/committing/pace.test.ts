import { expect, it } from 'vitest';
import { CommitRefused } from '../../../src/catalog/index.js';
import { SkuaError } from '../../../src/errors.js';
import { Pace } from '../../../src/query/committing/pace.js';

const never = new AbortController().signal;
const refusal = (isOvertaken: boolean, retryAfter?: number) =>
  new CommitRefused(new SkuaError('ABORTED', 'somebody was faster'), { isOvertaken, mayPass: true, retryAfter });

async function retriesOf(pace: Pace, failure = refusal(true)): Promise<number> {
  let retries = 0;
  while (await pace.again(failure, never)) retries++;
  return retries;
}

it('a commit is made again as often as commit.retry.num-retries says', async () => {
  const quick = { 'commit.retry.min-wait-ms': '0', 'commit.retry.max-wait-ms': '0' };
  expect(await retriesOf(new Pace({ ...quick, 'commit.retry.num-retries': '7' }))).toBe(7);
  expect(await retriesOf(new Pace({ ...quick, 'commit.retry.num-retries': '0' }))).toBe(0);
  expect(await retriesOf(new Pace(quick))).toBe(100);
});

it('one that is refused although nothing has moved gets fewer attempts', async () => {
  const quick = { 'commit.retry.min-wait-ms': '0', 'commit.retry.max-wait-ms': '0' };
  expect(await retriesOf(new Pace(quick), refusal(false))).toBe(4);
});

it('no wait begins that commit.retry.total-timeout-ms leaves no time for', async () => {
  const pace = new Pace({ 'commit.retry.total-timeout-ms': '0', 'commit.retry.min-wait-ms': '10' });
  expect(await pace.again(refusal(true), never)).toBe(false);
});

it('a catalog that wants to be left alone for an hour is not waited for', async () => {
  expect(await new Pace({}).again(refusal(false, 3_600_000), never)).toBe(false);
});

it('properties that are no numbers count as absent', async () => {
  const pace = new Pace({ 'commit.status-check.num-retries': 'many', 'commit.status-check.min-wait-ms': '-1' });
  expect(pace.look.waits).toEqual([1_000, 2_000, 4_000]);
});

it('tables are looked at as often as commit.status-check.num-retries says', () => {
  const pace = new Pace({
    'commit.status-check.num-retries': '4',
    'commit.status-check.min-wait-ms': '10',
    'commit.status-check.max-wait-ms': '25',
  });
  expect(pace.look.waits).toEqual([10, 20, 25, 25]);
});

it('a commit that waits to be made again is given up with its call', async () => {
  const call = new AbortController();
  const pace = new Pace({ 'commit.retry.min-wait-ms': '60000', 'commit.retry.max-wait-ms': '60000' });
  const waiting = pace.again(refusal(true), call.signal);
  call.abort(new Error('the client went away'));
  await expect(waiting).rejects.toThrow('the client went away');
});
