/** Texts over the tables `t`, `u` and `v`, with the lineage that they have: of each column, and of which rows there are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { EngineInstance, TableBinding } from '../../../src/engine/duckdb/contract.js';
import { LocalEngine } from '../../../src/engine/duckdb/process/engine.js';
import { tableColumns } from '../../../src/iceberg/index.js';
import type { NestedField, Type } from '../../../src/iceberg/types.js';
import { columnLineage, type InputField } from '../../../src/query/lineage/column-lineage.js';
import type { NamedRows } from '../../../src/query/lineage/from.js';
import { NOTHING, of } from '../../../src/query/lineage/lineage.js';
import { traceQuery } from '../../../src/query/lineage/queries.js';

const int: Type = { kind: 'primitive', type: 'int' };
const text: Type = { kind: 'primitive', type: 'string' };
const list = (element: Type): Type => ({ kind: 'list', elementId: 90, element, elementRequired: false });
const struct = (...names: string[]): Type => ({
  kind: 'struct',
  fields: names.map((name, index) => ({ id: 91 + index, name, required: false, type: int })),
});

const TABLES: Record<string, Record<string, Type>> = {
  t: { a: int, b: int, k: int, name: text, l: list(int), s: struct('f', 'g') },
  u: { k: int, x: int, y: int },
  v: { k: int, z: int },
};
const fieldsOf = (columns: Record<string, Type>): NestedField[] =>
  Object.entries(columns).map(([name, type], index) => ({ id: index + 1, name, required: false, type }));
export const bindings: TableBinding[] = Object.entries(TABLES).map(([name, columns]) => ({
  name,
  columns: tableColumns({ schemaId: 0, fields: fieldsOf(columns), identifierFieldIds: [] }),
}));
export const sources = new Map<string, NamedRows>(
  Object.entries(TABLES).map(([name, columns]) => {
    const table = { catalog: 'lake', dataset: name };
    const column = ([field, type]: [string, Type]) => ({
      name: field,
      lineage: of({ table, name: field, isMasked: false }),
      type,
    });
    return [name, { columns: Object.entries(columns).map(column), rows: NOTHING }];
  }),
);

/** `t.a IDENTITY, u.x FILTER JOIN`, in the order of the names; `?` where it is not told. */
function shown(inputs: readonly InputField[] | undefined): string {
  if (inputs === undefined) return '?';
  const each = inputs.map(({ dataset, field, transformations }) => {
    return `${dataset}.${field} ${transformations.map(({ subtype }) => subtype).join(' ')}`;
  });
  return each.sort().join(', ');
}

/** Blocks of a text, of which each is a query and, behind a line of dashes, its lineage. */
export const cases = (texts: string) =>
  texts
    .trim()
    .split(/\n\s*\n/)
    .map((block) => {
      const lines = block.split('\n').map((line) => line.trim());
      const bar = lines.indexOf('--');
      return [lines.slice(0, bar).join('\n'), lines.slice(bar + 1).join('\n')] as const;
    });

/** An engine for the texts of a file, which describes them beside what is traced. */
export function useTracer() {
  const directory = mkdtempSync(join(tmpdir(), 'skua-lineage-'));
  let engine: LocalEngine;
  let instance: Pick<EngineInstance, 'describe' | 'close'>;
  beforeAll(async () => {
    engine = await LocalEngine.open();
    instance = await engine.open({ directory, memoryLimit: 2 ** 28, threads: 1 });
  });
  afterAll(async () => {
    await instance.close();
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const describe = (sql: string) => instance.describe(sql, bindings);
  const tree = (sql: string) => engine.parser.syntaxTree(sql);

  /** One line for each column, and one for the rows where anything decides on them. The names are those that the engine has. */
  async function lineageOf(sql: string): Promise<string> {
    const { schema } = await describe(sql);
    const traced = traceQuery(await tree(sql), sources);
    const names = schema.fields.map(({ name }) => name);
    expect(traced.columns.map(({ name }, index) => name ?? names[index])).toEqual(names);
    const columns = names.map((name, place) => ({ name, place }));
    const { fields, rows } = columnLineage(
      { table: { catalog: 'lake', namespace: ['o'], name: 'o' }, schema: names, columns },
      traced,
    );
    const lines = fields.map(({ name, inputs }) => `${name}: ${shown(inputs)}`.trimEnd());
    return [...lines, ...(rows?.length === 0 ? [] : [`rows: ${shown(rows)}`])].join('\n');
  }

  return { describe, tree, lineageOf };
}
