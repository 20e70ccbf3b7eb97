import { describe, expect, it } from 'vitest';
import type { PlanOperator } from '../../src/engine/contract.js';
import { profileNotes } from '../../src/query/engine-profiles.js';

const node = (operator: string, rows: number, children: PlanOperator[] = []): PlanOperator => ({
  operator,
  details: {},
  rows,
  seconds: rows / 1000,
  children,
});

function noting(profile: string | undefined) {
  const options = new Map(profile === undefined ? [] : [['profile', profile]]);
  const call = { report: { run: { tables: [], marks: [] } }, session: { options } };
  return { note: profileNotes(call as never), run: call.report.run as { profiles?: unknown } };
}

describe('profiles of a statement', () => {
  it('are asked for where the session wants them', () => {
    expect([undefined, 'false', 'off', '0'].map((value) => noting(value).note)).toEqual(Array(4).fill(undefined));
    expect(['true', 'ON', '1'].map((value) => typeof noting(value).note)).toEqual(Array(3).fill('function'));
  });

  it('are one where runs have the same plan, and bounded where they have many', () => {
    const { note, run } = noting('true');
    note?.({ plan: node('FILTER', 3, [node('TABLE_SCAN', 10)]), spilledBytes: 7 });
    note?.({ plan: node('FILTER', 4, [node('TABLE_SCAN', 20)]), spilledBytes: 5 });
    expect(run.profiles).toEqual([{ plan: node('FILTER', 7, [node('TABLE_SCAN', 30)]), spilledBytes: 7 }]);
    for (let index = 0; index < 20; index++) note?.({ plan: node(`O${index}`, 1), spilledBytes: 0 });
    expect(run.profiles).toHaveLength(8);
  });
});
