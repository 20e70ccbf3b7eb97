import { describe, expect, it } from 'vitest';
import { type CheckState, Health } from '../../src/observe/index.js';

const good = { name: 'catalog lake', look: async () => 'reachable' };

describe('the health of a server', () => {
  it('is not ready before anybody has looked', () => {
    const health = new Health([good]);
    expect(health.report).toMatchObject({ ready: false, checks: [{ name: 'catalog lake', ok: false }] });
  });

  it('names what is missing, and why, beside what is there', async () => {
    const bad = {
      name: 'issuer',
      look: async () => {
        throw new Error('ECONNREFUSED');
      },
    };
    const health = new Health([good, bad]);
    await health.look();
    expect(health.report).toMatchObject({
      ready: false,
      checks: [
        { name: 'catalog lake', ok: true, message: 'reachable' },
        { name: 'issuer', ok: false, message: 'ECONNREFUSED' },
      ],
    });
  });

  it('takes what never answers for missing, and answers itself at once', async () => {
    const health = new Health([{ name: 'store', look: () => new Promise<string>(() => {}) }], { timeout: 20 });
    const looking = health.look();
    expect(health.report.ready).toBe(false);
    await looking;
    expect(health.report.checks[0]?.message).toBe('no answer within 0.02 s');
  });

  it('tells of changes alone, and keeps the time since when something is so', async () => {
    let isThere = true;
    const changes: CheckState[] = [];
    const look = async () => {
      if (!isThere) throw new Error('gone');
      return 'there';
    };
    const health = new Health([{ name: 'engine', look }], { onChange: (state) => void changes.push(state) });
    await health.look();
    const { since } = health.report.checks[0] as CheckState;
    await health.look();
    expect(health.report.checks[0]?.since).toBe(since);
    isThere = false;
    await health.look();
    expect(changes.map(({ ok }) => ok)).toEqual([true, false]);
  });

  it('is not ready while the server drains, whatever is there', async () => {
    const health = new Health([good]);
    await health.look();
    expect(health.report.ready).toBe(true);
    health.drain();
    expect(health.report).toMatchObject({ ready: false, draining: true });
  });
});
