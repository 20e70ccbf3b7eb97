import { DenseUnion, Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { batchToRows, rowsToBatch, withoutUnions } from '../../src/arrow/index.js';

const members = [new Field('0', new Int64(), true), new Field('1', new Utf8(), true)];
const schema = new Schema([new Field('a', new DenseUnion([5, 7], members), true), new Field('b', new Int64(), true)]);

describe('columns of unions', () => {
  it('become the column of the only type that has values', () => {
    const batch = rowsToBatch(schema, [
      [{ typeId: 7, value: 'x' }, 1n],
      [{ typeId: 7, value: 'y' }, 2n],
    ]);
    const plain = withoutUnions({ schema, batches: [batch] });
    expect(plain.schema.fields.map(({ type }) => String(type))).toEqual(['Utf8', 'Int64']);
    expect(plain.batches.flatMap((one) => batchToRows(plain.schema, one))).toEqual([
      ['x', 1n],
      ['y', 2n],
    ]);
  });

  it('are refused where they hold values of several types', () => {
    const batch = rowsToBatch(schema, [
      [{ typeId: 5, value: 3n }, 1n],
      [{ typeId: 7, value: 'y' }, 2n],
    ]);
    expect(() => withoutUnions({ schema, batches: [batch] })).toThrow('the values of a have several types');
  });
});
