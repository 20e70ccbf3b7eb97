import { describe, expect, it } from 'vitest';
import { PlannedTexts } from '../../../../src/engine/duckdb/client/planned-texts.js';

describe('an answer', () => {
  const text = (sql: string, name: string, timeZone?: string) => ({
    sql,
    tables: [{ name, columns: [] } as never],
    timeZone,
  });

  it('is found once for a question about a text, its tables and its time zone', async () => {
    const planned = new PlannedTexts();
    let found = 0;
    const ask = (question: string, ...asked: Parameters<typeof text>) =>
      planned.get(question, text(...asked), async () => ({ number: ++found }));
    expect(await ask('demand', 'SELECT 1', 't')).toEqual({ number: 1 });
    expect(await ask('demand', 'SELECT 1', 't')).toEqual({ number: 1 });
    expect(await ask('describe', 'SELECT 1', 't')).toEqual({ number: 2 });
    expect(await ask('demand', 'SELECT 2', 't')).toEqual({ number: 3 });
    expect(await ask('demand', 'SELECT 1', 'u')).toEqual({ number: 4 });
    expect(await ask('demand', 'SELECT 1', 'u', 'Europe/Berlin')).toEqual({ number: 5 });
  });

  it('that is a failure is asked for again', async () => {
    const planned = new PlannedTexts();
    const fail = planned.get('demand', text('SELECT 1', 't'), () => Promise.reject(new Error('no')));
    await expect(fail).rejects.toThrow('no');
    expect(await planned.get('demand', text('SELECT 1', 't'), async () => 7)).toBe(7);
  });
});
