/** The operators of a plan as lines for people, a tree that grows to the right. */
import type { PlanOperator } from '../engine/contract.js';

/** `tables` has the names that people know of the tables in the text. */
export function planLines(plan: PlanOperator, tables: ReadonlyMap<string, string>): string[] {
  const { children } = plan;
  const stem = children.length > 0 ? '│ ' : '  ';
  const details = Object.entries(plan.details).map(([key, values]) => `${stem}  ${key}: ${values.join(', ')}`);
  const branches = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const [first = '', ...rest] = planLines(child, tables);
    return [`${isLast ? '└─' : '├─'} ${first}`, ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`)];
  });
  return [headOf(plan, tables), ...details, ...branches];
}

function headOf(
  { operator, table, rows, estimatedRows, seconds }: PlanOperator,
  tables: ReadonlyMap<string, string>,
): string {
  const name = table === undefined ? operator : `${operator} ${tables.get(table) ?? table}`;
  const figures = [
    ...(rows !== undefined ? [counted(rows)] : []),
    ...(estimatedRows !== undefined ? [`~${counted(estimatedRows)}${rows === undefined ? '' : ' estimated'}`] : []),
    ...(seconds !== undefined ? [`${(seconds * 1000).toFixed(1)} ms`] : []),
  ];
  return figures.length > 0 ? `${name} (${figures.join(', ')})` : name;
}

function counted(rows: number): string {
  return `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`;
}
