/** Stars: the columns that `*`, `table.*` and `COLUMNS(…)` stand for. */
import { untraceable } from './lineage.js';
import type { Column, Scope, Value } from './scope.js';
import { calledBy, constantOf, nodeOf, nodesOf, type SyntaxNode, type SyntaxValue, textOf, textsOf } from './tree.js';

export interface StarContext {
  scope: Scope;
  step(): void;
}

/** In order, without those that EXCLUDE takes out, and as RENAME and REPLACE, whose expressions `replace` gives the values of, make them. */
export function starColumns<C extends StarContext>(
  node: SyntaxNode,
  context: C,
  replace: (expression: SyntaxNode, context: C) => Value,
): Column[] {
  const excluded = new Set(textsOf(node.exclude_list).map((name) => name.toLowerCase()));
  const ofTables = nodesOf(node.qualified_exclude_list).map(({ table, column }) => [table, column].map(textOf));
  if (ofTables.length > 0) return untraceable('a star that excludes columns of single tables');
  const replaced = entriesOf(node.replace_list, ({ value }) => nodeOf(value));
  const renamed = entriesOf(node.rename_list, ({ value }) => textOf(value));
  const isChosen = chosenBy(nodeOf(node.expr));
  const done = new Set<string>();
  return context.scope.star(textOf(node.relation_name)).flatMap((column): Column[] => {
    context.step();
    if (column.name === undefined) {
      const isAll = excluded.size + replaced.size + renamed.size === 0 && !node.expr;
      return isAll ? [column] : untraceable('a star that chooses among columns whose names are not known');
    }
    const name = column.name.toLowerCase();
    if (excluded.has(name) || !isChosen(column.name)) return [];
    const expression = replaced.get(name);
    if (!expression) return [{ ...column, name: renamed.get(name) ?? column.name }];
    // Of several columns of the name, one is replaced and the others go.
    if (done.has(name)) return [];
    done.add(name);
    return [{ name: column.name, ...replace(expression, context) }];
  });
}

/** By name in lower case. */
function entriesOf<T>(value: SyntaxValue | undefined, of: (entry: SyntaxNode) => T | undefined): Map<string, T> {
  const entries = nodesOf(value).map((entry): [string, T | undefined] => {
    const name = textOf(entry.key) || textOf(nodeOf(entry.key)?.column);
    return [name.toLowerCase(), of(entry)];
  });
  return new Map(entries.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const])));
}

/** Letters, digits and `_`, with `.*`, `.`, `^`, `$` and `|` between them: no pattern that could take long. */
const PLAIN_PATTERN = /^[\w^$|]*(?:\.\*?[\w^$|]*){0,4}$/;

function chosenBy(expression: SyntaxNode | undefined): (name: string) => boolean {
  if (!expression) return () => true;
  const pattern = constantOf(expression);
  if (typeof pattern === 'string' && PLAIN_PATTERN.test(pattern)) {
    const [exact, folded] = [new RegExp(pattern), new RegExp(pattern, 'i')];
    return (name) => {
      // A name may be shown in another case than the engine knows it by.
      if (exact.test(name) !== folded.test(name)) untraceable('a pattern that hangs on the case of a name');
      return exact.test(name);
    };
  }
  if (calledBy(expression) !== 'list_value') return untraceable('a choice of columns that is computed');
  const names = nodesOf(expression.children).map((child) => textOf(constantOf(child)).toLowerCase());
  return (name) => names.includes(name.toLowerCase());
}
