/** Random rows as SQL: for each column of a batch a few neighbours of its pool, some columns without nulls, some of nothing else. */
import { childrenOf, identifier, isNested, poolOf, typeSql } from './types.mjs';

export class RowSource {
  #windows = new Map();

  constructor(random) {
    this.random = random;
  }

  /** A value of the field's type, as SQL that means the same on both sides. */
  value(field) {
    const { values, nulls } = this.#window(field);
    if (this.random.chance(nulls)) return 'NULL';
    const { type } = field;
    if (type.kind === 'struct') {
      return `{${type.fields.map((child) => `'${child.name}': ${this.#typed(child)}`).join(', ')}}`;
    }
    if (type.kind === 'list') return `[${this.#times(3, () => this.#typed(type.element)).join(', ')}]`;
    if (type.kind === 'map') {
      const keys = this.random.some(poolOf(type.entryKey.type), 0.2).slice(0, 3);
      return `map([${keys.join(', ')}], [${keys.map(() => this.#typed(type.value)).join(', ')}])`;
    }
    return values.length === 0 ? 'NULL' : this.random.pick(values);
  }

  /** The value with its type, which the parts of nested values need where they are null or empty. */
  #typed(field) {
    return `CAST(${this.value(field)} AS ${typeSql(field.type)})`;
  }

  #times(most, make) {
    return Array.from({ length: this.random.below(most + 1) }, make);
  }

  #window(field) {
    let window = this.#windows.get(field.key);
    if (!window) {
      const { random } = this;
      const pool = isNested(field.type) ? [] : poolOf(field.type);
      const start = random.below(Math.max(1, pool.length));
      const values = random.chance(0.3) ? pool : pool.slice(start, start + random.between(1, 3));
      window = { values, nulls: random.pick([0, 0, 0.2, 0.2, 0.5, 1]) };
      this.#windows.set(field.key, window);
    }
    return window;
  }
}

/** A row of a table whose first column is the number of the row. */
export function rowSql(source, columns, id) {
  return `(${columns.map((column) => (column.isId ? id : `CAST(${source.value(column)} AS ${typeSql(column.type)})`)).join(', ')})`;
}

/** An expression that turns values of the field as it was into those of the field as it is. */
export function evolvedSql(before, after, value, depth = 0) {
  if (before === undefined) return `CAST(${after.initial ?? 'NULL'} AS ${typeSql(after.type)})`;
  const [from, to] = [before.type, after.type];
  if (typeSql(from) === typeSql(to) && sameKeys(before, after)) return value;
  const item = `x${depth}`;
  switch (to.kind) {
    case 'struct': {
      const parts = to.fields.map((child) => {
        const old = from.fields.find(({ key }) => key === child.key);
        const part = old && `struct_extract(${value}, '${old.name}')`;
        return `${identifier(child.name)} := ${evolvedSql(old, child, part, depth + 1)}`;
      });
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${parts.join(', ')}) END`;
    }
    case 'list':
      return `list_transform(${value}, lambda ${item}: ${evolvedSql(from.element, to.element, item, depth + 1)})`;
    case 'map': {
      const changed = evolvedSql(from.value, to.value, item, depth + 1);
      return `CASE WHEN ${value} IS NULL THEN NULL ELSE map(map_keys(${value}), list_transform(map_values(${value}), lambda ${item}: ${changed})) END`;
    }
    default:
      return `CAST(${value} AS ${typeSql(to)})`;
  }
}

function sameKeys(before, after) {
  if (before.key !== after.key) return false;
  const [from, to] = [childrenOf(before.type), childrenOf(after.type)];
  return from.length === to.length && from.every((child, index) => sameKeys(child, to[index]));
}
