import type { Filter } from '../../../../expressions/index.js';
import type { TableBinding } from '../../contract.js';
import { quoteIdentifier, textSql } from '../native/text.js';
import { literalSql, sqlTypeOf } from '../types/sql-type.js';

const operators = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' };

/** A filter over a table's columns as an SQL expression. `name` gives a column's SQL, by default its quoted name. */
export function filterSql(
  filter: Filter,
  table: Pick<TableBinding, 'columns'>,
  name: (column: string) => string = quoteIdentifier,
): string {
  const literal = (column: string, value: Parameters<typeof literalSql>[0]) => {
    const found = table.columns.find(({ field }) => field.name === column);
    return literalSql(value, found ? sqlTypeOf(found.field) : 'VARCHAR');
  };
  switch (filter.op) {
    case 'and':
    case 'or': {
      const parts = filter.operands.map((operand) => filterSql(operand, table, name));
      return parts.length === 0 ? String(filter.op === 'and') : `(${parts.join(` ${filter.op} `)})`;
    }
    case 'not':
      return `(NOT ${filterSql(filter.operand, table, name)})`;
    case 'in': {
      const values = filter.values.map((value) => literal(filter.column, value));
      return values.length === 0 ? 'false' : `(${name(filter.column)} IN (${values.join(', ')}))`;
    }
    case 'isNull':
    case 'notNull':
      return `(${name(filter.column)} IS ${filter.op === 'isNull' ? '' : 'NOT '}NULL)`;
    case 'startsWith':
      return `starts_with(${name(filter.column)}, ${textSql(filter.prefix)})`;
    default:
      return `(${name(filter.column)} ${operators[filter.op]} ${literal(filter.column, filter.value)})`;
  }
}
