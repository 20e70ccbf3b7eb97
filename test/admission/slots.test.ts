import { describe, expect, it } from 'vitest';
import { StatementSlots } from '../../src/admission/slots.js';
import { failure } from '../flight/client.js';

const never = new AbortController().signal;

/** Asks for places and notes the order in which they are given; `leave` gives back the oldest place of an owner. */
function queue(options: { total: number; perPrincipal?: number; queueTimeout?: number }) {
  const slots = new StatementSlots({ perPrincipal: options.total, queueTimeout: 60_000, ...options });
  const entered: string[] = [];
  const places: { owner: string; leave: () => void }[] = [];
  return {
    slots,
    entered,
    async ask(owner: string, signal: AbortSignal = never): Promise<void> {
      const leave = await slots.enter(owner, signal);
      entered.push(owner);
      places.push({ owner, leave });
    },
    async leave(owner: string): Promise<void> {
      const index = places.findIndex((place) => place.owner === owner);
      places.splice(index, 1)[0]?.leave();
      await new Promise(setImmediate);
    },
  };
}

describe('places for statements', () => {
  it('are given to the owner with the fewest running statements, then to the longest waiting', async () => {
    const { slots, entered, ask, leave } = queue({ total: 3 });
    await ask('busy');
    await ask('busy');
    await ask('other');
    void ask('busy');
    void ask('other');
    void ask('new');
    void ask('newer');
    expect(slots).toMatchObject({ running: 3, waiting: 4 });
    await leave('busy');
    expect(entered.at(-1)).toBe('new');
    await leave('busy');
    expect(entered.at(-1)).toBe('busy');
    await leave('new');
    expect(entered.at(-1)).toBe('newer');
    expect(slots).toMatchObject({ running: 3, waiting: 1 });
  });

  it('are never all taken by one owner whose share is smaller', async () => {
    const { slots, entered, ask, leave } = queue({ total: 3, perPrincipal: 2 });
    await ask('busy');
    await ask('busy');
    void ask('busy');
    expect(slots).toMatchObject({ running: 2, waiting: 1 });
    await ask('other');
    await leave('other');
    expect(entered).toEqual(['busy', 'busy', 'other']);
    await leave('busy');
    expect(entered).toEqual(['busy', 'busy', 'other', 'busy']);
  });

  it('are refused after the longest wait, and at once where nothing may wait', async () => {
    const short = queue({ total: 1, queueTimeout: 20 });
    await short.ask('a');
    await expect(short.ask('b')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect(short.slots.waiting).toBe(0);
    const none = queue({ total: 1, queueTimeout: 0 });
    await none.ask('a');
    await expect(none.ask('b')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('are refused to an owner of whom as many wait as may run at all', async () => {
    const { slots, ask } = queue({ total: 1 });
    await ask('a');
    void ask('flood');
    await expect(ask('flood')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    void ask('other');
    expect(slots.waiting).toBe(2);
  });

  it('are not given to one who went away', async () => {
    const { slots, entered, ask, leave } = queue({ total: 1 });
    await ask('a');
    const gone = new AbortController();
    const waiting = failure(ask('gone', gone.signal));
    void ask('next');
    gone.abort(new Error('went away'));
    await leave('a');
    await waiting;
    expect(entered).toEqual(['a', 'next']);
    expect(slots).toMatchObject({ running: 1, waiting: 0 });
  });
});
