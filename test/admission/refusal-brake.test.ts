import { describe, expect, it } from 'vitest';
import { RefusalBrake } from '../../src/admission/refusal-brake.js';

describe('refused tokens', () => {
  it('are answered at once until an address has brought too many in a minute, then a second later', () => {
    let now = 0;
    const brake = new RefusalBrake(3, () => now);
    expect([1, 2, 3, 4, 5].map(() => brake.refused('10.0.0.1'))).toEqual([0, 0, 0, 1000, 1000]);
    expect(brake.refused('10.0.0.2')).toBe(0);
    now = 60_000;
    expect(brake.refused('10.0.0.1')).toBe(0);
  });
});
