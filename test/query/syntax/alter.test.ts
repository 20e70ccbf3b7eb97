import { describe, expect, it } from 'vitest';
import { parseStatement } from '../../../src/query/syntax/parse.js';

const alterationsOf = (sql: string) => {
  const statement = parseStatement(`ALTER TABLE a.b ${sql}`);
  if (statement.kind !== 'alter-table') throw new Error(`${sql} is ${statement.kind}`);
  return statement.alterations;
};

describe('ALTER TABLE', () => {
  it('adds columns with types, comments and places, one or many', () => {
    expect(alterationsOf('ADD COLUMN IF NOT EXISTS s.x MAP<STRING, ARRAY<INT>> COMMENT \'c\' AFTER "y z"')).toEqual([
      {
        kind: 'add-column',
        path: ['s', 'x'],
        type: 'MAP<STRING, ARRAY<INT>>',
        required: false,
        comment: 'c',
        default: undefined,
        place: { after: 'y z' },
        ifNotExists: true,
      },
    ]);
    expect(alterationsOf('ADD COLUMNS (a INT FIRST, b DECIMAL(9, 2) NOT NULL)')).toMatchObject([
      { path: ['a'], type: 'INT', place: 'first' },
      { path: ['b'], type: 'DECIMAL(9, 2)', required: true },
    ]);
    expect(alterationsOf('ADD a INT, DROP b')).toMatchObject([{ kind: 'add-column' }, { kind: 'drop-column' }]);
  });

  it('takes COLUMN as a name where it is one', () => {
    expect(alterationsOf('DROP COLUMN column')).toMatchObject([{ path: ['column'] }]);
    expect(alterationsOf('RENAME column TO other')).toMatchObject([{ path: ['column'], name: 'other' }]);
    expect(alterationsOf('RENAME COLUMN column TO other')).toMatchObject([{ path: ['column'], name: 'other' }]);
  });

  it('drops, renames, retypes, moves and comments', () => {
    expect(alterationsOf('DROP COLUMNS IF EXISTS (a, b.c)')).toEqual([
      { kind: 'drop-column', path: ['a'], ifExists: true },
      { kind: 'drop-column', path: ['b', 'c'], ifExists: true },
    ]);
    expect(alterationsOf('ALTER COLUMN a SET DATA TYPE BIGINT, ALTER b TYPE DOUBLE')).toEqual([
      { kind: 'set-type', path: ['a'], type: 'BIGINT' },
      { kind: 'set-type', path: ['b'], type: 'DOUBLE' },
    ]);
    expect(alterationsOf('ALTER a SET NOT NULL, ALTER a DROP NOT NULL')).toMatchObject([
      { required: true },
      { required: false },
    ]);
    expect(alterationsOf("ALTER COLUMN a COMMENT 'x', ALTER COLUMN a FIRST")).toMatchObject([
      { kind: 'comment-column', comment: 'x' },
      { kind: 'move-column', place: 'first' },
    ]);
  });

  it('sets and unsets properties in the words of Spark and without', () => {
    const set = [{ kind: 'set-properties', properties: { 'a.b': 'c' } }];
    expect(alterationsOf("SET TBLPROPERTIES ('a.b' = 'c')")).toEqual(set);
    expect(alterationsOf("SET ('a.b' = 'c')")).toEqual(set);
    expect(alterationsOf("UNSET TBLPROPERTIES IF EXISTS ('a.b', c)")).toEqual([
      { kind: 'remove-properties', keys: ['a.b', 'c'] },
    ]);
  });

  it('adds, drops and replaces partition fields', () => {
    expect(alterationsOf('ADD PARTITION FIELD bucket(16, id) AS shard')).toEqual([
      { kind: 'add-partition-field', field: { column: ['id'], transform: 'bucket[16]', name: 'shard' } },
    ]);
    expect(alterationsOf('REPLACE PARTITION FIELD days(t) WITH t')).toEqual([
      { kind: 'drop-partition-field', field: { column: ['t'], transform: 'day' } },
      { kind: 'add-partition-field', field: { column: ['t'], transform: 'identity' } },
    ]);
  });

  it('renames tables and views', () => {
    expect(parseStatement('ALTER TABLE IF EXISTS a.b RENAME TO c.d')).toEqual({
      kind: 'rename-table',
      from: ['a', 'b'],
      to: ['c', 'd'],
      ifExists: true,
    });
    expect(parseStatement('ALTER VIEW v RENAME TO w')).toMatchObject({ kind: 'rename-view', to: ['w'] });
  });

  it.each([
    ['ALTER TABLE t ADD', 'Expected a column'],
    ['ALTER TABLE t ADD x', 'Expected the type of "x"'],
    ['ALTER TABLE t ALTER x', 'Expected TYPE'],
    ['ALTER TABLE t FROBNICATE', 'Expected ADD, DROP'],
    ['ALTER TABLE t DROP x y', 'Unexpected "y"'],
  ])('points to what is wrong in %j', (sql, message) => {
    expect(() => parseStatement(sql)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => parseStatement(sql)).toThrow(message);
  });

  it.each([
    'ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)',
    'ALTER TABLE t ADD FOREIGN KEY (a)',
    'ALTER ROLE r',
    'COMMENT ON FUNCTION f IS NULL',
  ])('names what is not supported: %s', (sql) => {
    expect(() => parseStatement(sql)).toThrow(expect.objectContaining({ code: 'UNIMPLEMENTED' }));
  });
});

describe('COMMENT ON', () => {
  it('is a property of tables, views and schemas, and belongs to a column by its last name', () => {
    expect(parseStatement("COMMENT ON TABLE t IS 'x'")).toMatchObject({
      kind: 'alter-table',
      alterations: [{ kind: 'set-properties', properties: { comment: 'x' } }],
    });
    expect(parseStatement('COMMENT ON SCHEMA s IS NULL')).toMatchObject({
      kind: 'alter-schema',
      alterations: [{ kind: 'remove-properties', keys: ['comment'] }],
    });
    expect(parseStatement("COMMENT ON COLUMN a.t.c IS 'x'")).toMatchObject({
      table: ['a', 't'],
      alterations: [{ kind: 'comment-column', path: ['c'], comment: 'x' }],
    });
  });
});
