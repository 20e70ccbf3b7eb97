import { describe, expect, it } from 'vitest';
import type { ColumnarBatch } from '../../../../src/arrow/index.js';
import { ResultSender } from '../../../../src/engine/duckdb/process/result-sender.js';
import { BatchWriter, type Report } from '../../../../src/engine/duckdb/protocol/index.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function sending(credit: number, count = Number.POSITIVE_INFINITY) {
  const sent: Report[] = [];
  const made = { batches: 0, ended: false };
  async function* batches(): AsyncGenerator<ColumnarBatch> {
    try {
      for (; made.batches < count; made.batches++) yield { length: 1, nodes: [], buffers: [] };
    } finally {
      made.ended = true;
    }
  }
  const outlet = { send: (report: Report) => sent.push(report) > 0, drained: async () => undefined };
  const sender = new ResultSender(7, credit, new BatchWriter(undefined), outlet);
  const done = sender.send(batches()).then(() => sender.settled());
  return { sent, made, sender, done };
}

describe('the batches of a result', () => {
  it('stop when the reader has all that it gave credit for, and go on as it reads', async () => {
    const { sent, made, sender, done } = sending(3);
    for (let index = 0; index < 20; index++) await turn();
    expect(sent).toHaveLength(3);
    expect(made.batches).toBe(3);
    sender.read();
    for (let index = 0; index < 20; index++) await turn();
    expect(sent).toHaveLength(4);
    sender.end();
    await done;
    expect(made.ended).toBe(true);
  });

  it('end with a word of their own, and keep their memory until the last one has been read', async () => {
    const { sent, sender, done } = sending(3, 2);
    let settled = false;
    void done.then(() => {
      settled = true;
    });
    for (let index = 0; index < 20; index++) await turn();
    expect(sent.map(({ kind }) => kind)).toEqual(['batch', 'batch', 'end']);
    expect(settled).toBe(false);
    sender.read();
    sender.read();
    await done;
  });
});
