import { DataType, type Field } from 'apache-arrow';
import type { Filter, Literal } from '../../../../expressions/index.js';
import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from '../parsing/syntax-tree.js';
import { type Comparison, castTargetOf, constantOf, literalFor, withoutCast } from './filter-literal.js';

/** The field of a column by the name that the filter text uses. */
export type FieldByName = (name: string) => Field | undefined;

export interface Converted {
  filter: Filter;
  /** True where the filter says exactly what the expression says, so that it may be negated. */
  exact: boolean;
}

/** A predicate that every row satisfying the expression satisfies; undefined where nothing can be said. */
export function filterOf(expression: SyntaxNode, fields: FieldByName): Converted | undefined {
  return convert(expression, fields);
}

/** Names of the columns that an expression mentions. */
export function columnsIn(value: SyntaxValue | undefined, found: Set<string> = new Set()): Set<string> {
  if (Array.isArray(value)) for (const item of value) columnsIn(item, found);
  else if (isNode(value)) {
    const [first] = Array.isArray(value.column_names) ? value.column_names : [];
    if (value.class === 'COLUMN_REF') found.add(textOf(first));
    else for (const child of Object.values(value)) columnsIn(child, found);
  }
  return found;
}

const comparisons: Record<string, Comparison> = {
  COMPARE_EQUAL: 'eq',
  COMPARE_NOTEQUAL: 'ne',
  COMPARE_LESSTHAN: 'lt',
  COMPARE_LESSTHANOREQUALTO: 'le',
  COMPARE_GREATERTHAN: 'gt',
  COMPARE_GREATERTHANOREQUALTO: 'ge',
};

const mirrored: Record<Comparison, Comparison> = { eq: 'eq', ne: 'ne', lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' };

function convert(node: SyntaxNode, fields: FieldByName): Converted | undefined {
  const type = textOf(node.type);
  const op = comparisons[type];
  if (op) return comparison(op, node.left, node.right, fields);
  const children = nodesOf(node.children);
  switch (type) {
    case 'CONJUNCTION_AND':
      return conjunction(children, fields);
    case 'CONJUNCTION_OR':
      return disjunction(children, fields);
    case 'OPERATOR_NOT':
      return negation(children[0], fields);
    case 'OPERATOR_IS_NULL':
    case 'OPERATOR_IS_NOT_NULL': {
      const field = columnOf(children[0], fields);
      return field && exact({ op: type === 'OPERATOR_IS_NULL' ? 'isNull' : 'notNull', column: field.name });
    }
    case 'COMPARE_IN':
      return membership(children, fields);
    case 'COMPARE_BETWEEN': {
      const both = [comparison('ge', node.input, node.lower, fields), comparison('le', node.input, node.upper, fields)];
      return all(both);
    }
    case 'COLUMN_REF': {
      const field = columnOf(node, fields);
      if (!field || !DataType.isBool(field.type)) return undefined;
      return exact({ op: 'eq', column: field.name, value: { type: 'boolean', text: 'true' } });
    }
    case 'FUNCTION':
      return prefix(textOf(node.function_name), children, fields);
    default:
      return undefined;
  }
}

const exact = (filter: Filter): Converted => ({ filter, exact: true });

function conjunction(children: SyntaxNode[], fields: FieldByName): Converted | undefined {
  return all(children.map((child) => convert(child, fields)));
}

function all(parts: (Converted | undefined)[]): Converted | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0) return undefined;
  const whole = known.length === parts.length && known.every((part) => part.exact);
  const [first] = known;
  if (first && known.length === 1) return { filter: first.filter, exact: whole };
  return { filter: { op: 'and', operands: known.map(({ filter }) => filter) }, exact: whole };
}

function disjunction(children: SyntaxNode[], fields: FieldByName): Converted | undefined {
  const parts = children.map((child) => convert(child, fields));
  const known = parts.filter((part) => part !== undefined);
  if (known.length === 0 || known.length < parts.length) return undefined;
  return {
    filter: { op: 'or', operands: known.map(({ filter }) => filter) },
    exact: known.every((part) => part.exact),
  };
}

function negation(child: SyntaxNode | undefined, fields: FieldByName): Converted | undefined {
  const operand = child && convert(child, fields);
  return operand?.exact ? exact({ op: 'not', operand: operand.filter }) : undefined;
}

function comparison(
  op: Comparison,
  left: SyntaxValue | undefined,
  right: SyntaxValue | undefined,
  fields: FieldByName,
): Converted | undefined {
  if (!isNode(left) || !isNode(right)) return undefined;
  const constant = constantOf(right);
  if (!constant) return constantOf(left) ? comparison(mirrored[op], right, left, fields) : undefined;
  const field = columnOf(left, fields);
  if (field) return compared(op, field, literalFor(field, constant));
  const inner = left.type === 'OPERATOR_CAST' && left.try_cast !== true ? left.child : undefined;
  const castField = isNode(inner) ? columnOf(inner, fields) : undefined;
  const uncast = castField && withoutCast(castField, castTargetOf(left), op, constant);
  return castField && uncast && compared(uncast.op, castField, literalFor(castField, uncast.constant));
}

function compared(op: Comparison, field: Field, value: Literal | undefined): Converted | undefined {
  if (!value) return undefined;
  // DuckDB sorts NaN above every number, while the bounds of files leave it out.
  const floating = DataType.isFloat(field.type);
  if (floating && (op === 'gt' || op === 'ge' || op === 'ne')) return undefined;
  return { filter: { op, column: field.name, value }, exact: !floating };
}

function membership([input, ...items]: SyntaxNode[], fields: FieldByName): Converted | undefined {
  const field = columnOf(input, fields);
  if (!field) return undefined;
  const values: Literal[] = [];
  for (const item of items) {
    const constant = constantOf(item);
    const value = constant && literalFor(field, constant);
    if (!value) return undefined;
    values.push(value);
  }
  return { filter: { op: 'in', column: field.name, values }, exact: !DataType.isFloat(field.type) };
}

function prefix(name: string, [input, argument]: SyntaxNode[], fields: FieldByName): Converted | undefined {
  const field = columnOf(input, fields);
  const text = argument && constantOf(argument)?.text;
  if (!field || !DataType.isUtf8(field.type) || text === undefined) return undefined;
  if (name === 'prefix' || name === 'starts_with' || name === '^@') {
    return exact({ op: 'startsWith', column: field.name, prefix: text });
  }
  if (name !== '~~') return undefined;
  const start = /^[^%_\\]*/.exec(text)?.[0] ?? '';
  return start === '' ? undefined : { filter: { op: 'startsWith', column: field.name, prefix: start }, exact: false };
}

function columnOf(node: SyntaxNode | undefined, fields: FieldByName): Field | undefined {
  if (node?.class !== 'COLUMN_REF' || !Array.isArray(node.column_names) || node.column_names.length !== 1)
    return undefined;
  return fields(textOf(node.column_names[0]));
}
