import { describe, expect, it } from 'vitest';
import { batchReport, report } from '../../../../src/engine/duckdb/protocol/index.js';
import { randomFrom } from '../../../e2e/support/random-rows.js';

const odd = [
  undefined,
  null,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  '7',
  7n,
  true,
  [],
  {},
  new Uint8Array(2),
  [1, 2],
  [1],
  [1, 2, 3],
  [1, -2],
  [-0, 0],
  [[1, 2]],
];
const sound = () => ({
  kind: 'batch',
  id: 3,
  batch: { length: 2, nodes: [2, 0, 2, 1], buffers: [new Uint8Array([1]), [64, 128], new Uint8Array(0)] },
});

describe('a batch that an engine process reports', () => {
  it('is taken as it is, without what does not belong to it', () => {
    expect(batchReport({ ...sound(), more: 1, batch: { ...sound().batch, other: 2 } })).toEqual(sound());
  });

  it('is refused and taken just as the whole protocol says', () => {
    const random = randomFrom('batch reports');
    const any = () => odd[Math.floor(random() * odd.length)];
    for (let turn = 0; turn < 5000; turn++) {
      const message = sound() as Record<string, unknown> & { batch: Record<string, unknown> };
      const places = [
        (value: unknown) => Object.assign(message, { kind: value }),
        (value: unknown) => Object.assign(message, { id: value }),
        (value: unknown) => Object.assign(message.batch, { length: value }),
        (value: unknown) => Object.assign(message.batch, { nodes: value }),
        (value: unknown) => Object.assign(message.batch, { nodes: [2, value] }),
        (value: unknown) => Object.assign(message.batch, { buffers: value }),
        (value: unknown) => Object.assign(message.batch, { buffers: [value, [0, 8]] }),
        (value: unknown) => Object.assign(message, { batch: value }),
      ];
      places[Math.floor(random() * places.length)]?.(any());
      const wanted = report.safeParse(message);
      const found = batchReport(message);
      if (wanted.success && wanted.data.kind === 'batch') expect(found).toEqual(wanted.data);
      else expect(found).toBeUndefined();
    }
  });
});
