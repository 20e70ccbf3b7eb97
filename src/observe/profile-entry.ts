/** What the engine told of a statement, as it is kept and shown: operators one after the other. */
import type { OperatorEntry, StatementEntry, StatementRun } from '../query/index.js';

/** Of one statement. */
const MOST_OPERATORS = 500;

type Profiles = NonNullable<StatementRun['profiles']>;

export function profileEntry(profiles: Profiles): Pick<StatementEntry, 'operators' | 'spilled'> {
  const operators = profiles.flatMap(({ plan }, index) => operatorsOf(plan, index + 1));
  return {
    operators: operators.slice(0, MOST_OPERATORS),
    spilled: Math.max(0, ...profiles.map(({ spilledBytes }) => spilledBytes)),
  };
}

function operatorsOf(root: Profiles[number]['plan'], plan: number): OperatorEntry[] {
  const entries: OperatorEntry[] = [];
  const add = (node: Profiles[number]['plan'], parent: number | undefined) => {
    const operator = entries.length + 1;
    entries.push({
      plan,
      operator,
      parent,
      name: node.operator,
      table: node.table,
      details: Object.entries(node.details)
        .map(([key, values]) => `${key}: ${values.join(', ')}`)
        .join('\n'),
      estimatedRows: node.estimatedRows,
      rows: node.rows,
      milliseconds: node.seconds === undefined ? undefined : node.seconds * 1000,
    });
    for (const child of node.children) add(child, operator);
  };
  add(root, undefined);
  return entries;
}
