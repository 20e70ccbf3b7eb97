import { describe, expect, it, vi } from 'vitest';
import { Arena } from '../../../../src/engine/duckdb/protocol/index.js';
import { randomFrom } from '../../../e2e/support/random-rows.js';

const size = 1 << 20;

function arena() {
  const discarded: [number, number][] = [];
  const bytes = Buffer.alloc(size);
  const memory = {
    bytes,
    address: 4096,
    discard: (offset: number, length: number) => void discarded.push([offset, length]),
  };
  return { arena: new Arena(memory), discarded };
}

describe('shared memory for batches', () => {
  it('gives out pieces that never overlap, and is whole again when all came back', () => {
    const seed = process.env.SKUA_TEST_SEED ?? '1';
    const next = randomFrom(`arena ${seed}`);
    const { arena: room } = arena();
    const pieces: Buffer[] = [];
    for (let step = 0; step < 20_000; step++) {
      if (next() < 0.55 || pieces.length === 0) {
        const piece = room.allocate(Math.floor(next() ** 3 * 60_000));
        if (piece) pieces.push(piece);
      } else {
        const [piece] = pieces.splice(Math.floor(next() * pieces.length), 1) as [Buffer];
        if (next() < 0.3) {
          room.shrink(piece.byteOffset, Math.floor(piece.length / 2));
          pieces.push(piece.subarray(0, Math.floor(piece.length / 2)));
        } else {
          room.release(piece.byteOffset);
        }
      }
      if (step % 100 > 0) continue;
      const sorted = [...pieces].sort((a, b) => a.byteOffset - b.byteOffset);
      for (let index = 1; index < sorted.length; index++) {
        const [left, right] = [sorted[index - 1], sorted[index]] as [Buffer, Buffer];
        const end = left.byteOffset + Math.max(left.length, 1);
        expect(end <= right.byteOffset, `seed ${seed}, step ${step}`).toBe(true);
      }
    }
    for (const { byteOffset } of pieces) room.release(byteOffset);
    expect(room.used).toBe(0);
    expect(room.allocate(size)?.length).toBe(size);
  });

  it('has nothing to give when it is full, and releases what is no piece without harm', () => {
    const { arena: room } = arena();
    const all = room.allocate(size) as Buffer;
    expect(room.allocate(1)).toBeUndefined();
    room.release(all.byteOffset + 64);
    expect(room.allocate(1)).toBeUndefined();
    room.release(all.byteOffset);
    expect(room.allocate(1)).toBeDefined();
  });

  it('is left alone once it is closed: it may be another process’s by then', () => {
    vi.useFakeTimers();
    try {
      const { arena: room, discarded } = arena();
      const [first, second] = [room.allocate(100_000) as Buffer, room.allocate(100_000) as Buffer];
      room.release(first.byteOffset);
      room.release(second.byteOffset);
      const { byteOffset } = room.allocate(100_000) as Buffer;
      room.close();
      room.release(byteOffset);
      vi.advanceTimersByTime(60_000);
      expect(discarded).toEqual([]);
      expect(room.allocate(1)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
