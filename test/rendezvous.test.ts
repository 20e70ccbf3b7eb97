import { expect, it } from 'vitest';
import { Rendezvous } from '../src/rendezvous.js';

const names = (count: number) => Array.from({ length: count }, (_, index) => `grpc://10.0.0.${index}:50051`);
const files = Array.from({ length: 20_000 }, (_, index) => `s3://lake/demo/orders/data/${index}-a7.parquet`);

const owned = (servers: readonly string[]) => {
  const rendezvous = new Rendezvous(servers);
  return files.map((file) => servers[rendezvous.ownerOf(file)] as string);
};

it.each([2, 3, 10, 50])('spreads files evenly over %i servers', (count) => {
  const servers = names(count);
  const counts = new Map<string, number>();
  for (const owner of owned(servers)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  expect(counts.size).toBe(count);
  expect(Math.max(...counts.values()) / (files.length / count)).toBeLessThan(1.25);
});

it('moves only what a server that leaves had', () => {
  const servers = names(10);
  const before = owned(servers);
  const left = servers[3];
  const after = owned(servers.filter((server) => server !== left));
  const moved = before.filter((owner, index) => owner !== after[index]);
  expect(new Set(moved)).toEqual(new Set([left]));
});

it('gives the same to the same names in any order', () => {
  const servers = names(7);
  expect(owned([...servers].reverse())).toEqual(owned(servers));
  const few = new Rendezvous(servers).ownersOf('demo.orders', 3);
  expect(few).toHaveLength(3);
  expect(new Rendezvous([...servers].reverse()).ownersOf('demo.orders', 3)).toEqual(few);
});
