/** Random queries over small tables, whose rows don't hang on the order in which the engine happens to read. */

export type Random = () => number;

/** Numbers from 0 to 1, the same ones for the same seed. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Columns of whole numbers, and `l` of lists of them. */
export const TABLES: Readonly<Record<string, readonly string[]>> = {
  t: ['a', 'b', 'k', 'l'],
  u: ['k', 'x', 'y'],
  v: ['k', 'z'],
};

/** What a FROM clause gives: expressions for its columns, which are whole numbers. */
interface From {
  text: string;
  columns: string[];
}

export class RandomQueries {
  readonly #random: Random;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** With columns `c0`, `c1`, … */
  query(depth = 2, outer: readonly string[] = []): string {
    const width = 1 + this.#below(3);
    return this.#query(width, depth, outer);
  }

  #query(width: number, depth: number, outer: readonly string[]): string {
    if (depth > 0 && this.#below(5) === 0) return this.#setOperation(width, depth, outer);
    if (depth > 0 && this.#below(6) === 0) {
      const name = this.#name('q');
      const inner = this.#query(width, depth - 1, []);
      const columns = Array.from({ length: width }, (_, index) => `c${index}`);
      return `WITH ${name}(${columns.join(', ')}) AS (${inner}) ${this.#select(width, depth - 1, outer, {
        text: name,
        columns: columns.map((column) => `${name}.${column}`),
      })}`;
    }
    return this.#select(width, depth, outer);
  }

  #setOperation(width: number, depth: number, outer: readonly string[]): string {
    const operator = this.#pick(['UNION ALL', 'UNION', 'EXCEPT', 'INTERSECT', 'UNION ALL BY NAME']);
    const [left, right] = [this.#query(width, depth - 1, outer), this.#query(width, depth - 1, outer)];
    return `(${left}) ${operator} (${right})`;
  }

  #select(width: number, depth: number, outer: readonly string[], given?: From): string {
    const from = given ?? this.#from(depth, outer);
    const where = this.#below(2) === 0 ? ` WHERE ${this.#condition(from.columns, depth, outer)}` : '';
    if (this.#below(3) === 0) return this.#aggregated(width, from, where);
    const columns = Array.from(
      { length: width },
      (_, index) => `${this.#value(from.columns, depth, outer)} AS c${index}`,
    );
    const qualify = this.#below(6) === 0 ? ` QUALIFY ${this.#window(from.columns)} > 1` : '';
    const distinct = this.#below(6) === 0 ? 'DISTINCT ' : '';
    const order = this.#below(5) === 0 ? ` ORDER BY ALL LIMIT ${1 + this.#below(6)}` : '';
    return `SELECT ${distinct}${columns.join(', ')} FROM ${from.text}${where}${qualify}${order}`;
  }

  #aggregated(width: number, { text, columns }: From, where: string): string {
    // A number alone would be the place of a column.
    const key = `(${this.#pick(columns)} + ${this.#pick(columns)})`;
    const values = Array.from({ length: width }, (_, index) => {
      const value = index > 0 || this.#below(3) > 0 ? this.#aggregate(columns) : key;
      return `${value} AS c${index}`;
    });
    const having = this.#below(3) === 0 ? ` HAVING ${this.#aggregate(columns)} > 1` : '';
    return `SELECT ${values.join(', ')} FROM ${text}${where} GROUP BY ${key}${having}`;
  }

  #aggregate(columns: readonly string[]): string {
    const name = this.#pick(['sum', 'max', 'min', 'count']);
    const filter = this.#below(4) === 0 ? ` FILTER (WHERE ${this.#scalar(columns)} > 0)` : '';
    return `${name}(${this.#scalar(columns)})${filter}`;
  }

  #from(depth: number, outer: readonly string[]): From {
    const kind = depth > 0 ? this.#below(13) : this.#below(2);
    if (kind <= 1) return this.#table();
    if (kind === 2) return this.#derived(depth, outer, '');
    const [left, right] = [this.#table(), this.#table()];
    const columns = [...left.columns, ...right.columns];
    switch (kind) {
      case 3: {
        const inner = this.#derived(depth, left.columns, 'LATERAL ');
        return { text: `${left.text}, ${inner.text}`, columns: [...left.columns, ...inner.columns] };
      }
      case 4:
        return { text: `${left.text}, ${right.text}`, columns };
      case 5:
      case 6: {
        const type = this.#pick(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN']);
        return { text: `${left.text} ${type} ${right.text} USING (k)`, columns: [...columns, 'k'] };
      }
      case 7: {
        const name = this.#name('t');
        const list = this.#name('n');
        return {
          text: `t AS ${name}, unnest(${name}.l) AS ${list}(e)`,
          columns: [`${name}.a`, `${name}.b`, `${list}.e`],
        };
      }
      case 8:
        return this.#starred();
      case 9:
        return this.#recursive();
      case 10: {
        const on = `${left.text} NATURAL ${this.#pick(['JOIN', 'LEFT JOIN'])} ${right.text}`;
        return { text: on, columns };
      }
      default: {
        const type = this.#pick(['JOIN', 'LEFT JOIN', 'SEMI JOIN', 'ANTI JOIN']);
        const on = `${this.#pick(left.columns)} = ${this.#pick(right.columns)}`;
        const seen = type.startsWith('SEMI') || type.startsWith('ANTI') ? left.columns : columns;
        return { text: `${left.text} ${type} ${right.text} ON ${on}`, columns: seen };
      }
    }
  }

  /** A derived table whose columns stars and structs make. */
  #starred(): From {
    const name = this.#name('s');
    const forms: [string, string[]][] = [
      ['SELECT * EXCLUDE (l) REPLACE (a + b AS a) FROM t', ['a', 'b', 'k']],
      ['SELECT COLUMNS(* EXCLUDE (k)) + k FROM u', ['x', 'y']],
      ["SELECT max(COLUMNS('x|y')) OVER (PARTITION BY k), k FROM u", ['x', 'y', 'k']],
      ['SELECT * RENAME (x AS w) FROM u NATURAL JOIN v', ['k', 'w', 'y', 'z']],
      ['SELECT * EXCLUDE (l) FROM t RIGHT JOIN v USING (k)', ['a', 'b', 'k', 'z']],
      ['SELECT *, v.k AS o FROM u FULL JOIN v USING (k)', ['k', 'x', 'y', 'z', 'o']],
      ['SELECT u.*, v.* FROM u JOIN v ON u.k = v.k', ['k', 'x', 'y', 'k_1', 'z']],
      ['SELECT a, unnest(l) AS e FROM t', ['a', 'e']],
      ['SELECT a, list_sum(list_transform(l, lambda i: i + b)) AS e FROM t', ['a', 'e']],
      [
        "SELECT q.p.f AS f, q.p['g'] AS g, (q).h AS h FROM (SELECT {'f': x, 'g': y + 1} AS p, k AS h FROM u) AS q",
        ['f', 'g', 'h'],
      ],
      ['SELECT a + 1 AS p, p + b AS q, k AS b FROM t WHERE p > 1', ['p', 'q', 'b']],
      ['SELECT k, b AS k2, sum(a) AS m FROM t GROUP BY ALL', ['k', 'k2', 'm']],
      ['SELECT k, b, max(a) AS m, grouping(k) AS g FROM t GROUP BY ROLLUP (k, b)', ['k', 'b', 'm', 'g']],
      ['SELECT DISTINCT ON (k) k, max(x) OVER (PARTITION BY k) AS m FROM u ORDER BY k', ['k', 'm']],
      ['SELECT k, x FROM u ORDER BY (SELECT max(z) FROM v WHERE v.k = u.y), k, x, y LIMIT 3', ['k', 'x']],
      ['SELECT sum(x ORDER BY y) FILTER (WHERE y > 0) AS m FROM u HAVING count(*) > (SELECT max(z) FROM v)', ['m']],
      ['SELECT x AS y, y AS x FROM u WHERE x > 1', ['y', 'x']],
      ['SELECT * FROM u POSITIONAL JOIN (SELECT z FROM v)', ['k', 'x', 'y', 'z']],
      ['SELECT least(x, y) AS p, nullif(x, 1) AS q, x IN (y, 2) AS r FROM u', ['p', 'q', 'q']],
    ];
    const [text, columns] = this.#pick(forms);
    return { text: `(${text}) AS ${name}`, columns: columns.map((column) => `${name}.${column}`) };
  }

  /** The values of its rows are those of tables, of which there are few, so that it ends. */
  #recursive(): From {
    const [name, derived] = [this.#name('r'), this.#name('d')];
    const first = this.#pick(['SELECT a, b FROM t WHERE k > 1', 'SELECT x, 1 FROM u']);
    const second = this.#pick([
      `SELECT ${name}.c1, v.z FROM ${name} JOIN v ON ${name}.c0 = v.k`,
      `SELECT ${name}.c0, max(y) OVER () FROM ${name}, u WHERE ${name}.c1 = u.x`,
    ]);
    const text = `(WITH RECURSIVE ${name}(c0, c1) AS (${first} UNION ${second}) SELECT c0, c1 FROM ${name}) AS ${derived}`;
    return { text, columns: [`${derived}.c0`, `${derived}.c1`] };
  }

  #table(): From {
    const table = this.#pick(Object.keys(TABLES));
    const name = this.#name(table);
    const columns = (TABLES[table] ?? []).filter((column) => column !== 'l').map((column) => `${name}.${column}`);
    return { text: `${table} AS ${name}`, columns };
  }

  #derived(depth: number, outer: readonly string[], before: string): From {
    const name = this.#name('d');
    const width = 1 + this.#below(2);
    const columns = Array.from({ length: width }, (_, index) => `${name}.c${index}`);
    return { text: `${before}(${this.#query(width, depth - 1, outer)}) AS ${name}`, columns };
  }

  #value(columns: readonly string[], depth: number, outer: readonly string[]): string {
    switch (this.#below(depth > 0 ? 7 : 5)) {
      case 0:
      case 1:
        return this.#scalar([...columns, ...outer]);
      case 2:
        return `CASE WHEN ${this.#scalar(columns)} > 1 THEN ${this.#scalar(columns)} ELSE ${this.#scalar(columns)} END`;
      case 3:
        return this.#window(columns);
      case 4:
        return `coalesce(${this.#scalar(columns)}, ${this.#scalar(columns)})`;
      case 5: {
        const inner = this.#table();
        const where = `${this.#pick(inner.columns)} = ${this.#pick(columns)}`;
        return `(SELECT ${this.#aggregate(inner.columns)} FROM ${inner.text} WHERE ${where})`;
      }
      default:
        return `CAST(${this.#condition(columns, depth, outer)} AS INTEGER)`;
    }
  }

  #window(columns: readonly string[]): string {
    const [value, partition, order] = [this.#scalar(columns), this.#pick(columns), this.#pick(columns)];
    return `${this.#pick(['sum', 'max', 'count'])}(${value}) OVER (PARTITION BY ${partition} ORDER BY ${order})`;
  }

  #condition(columns: readonly string[], depth: number, outer: readonly string[]): string {
    const kind = depth > 0 ? this.#below(5) : 0;
    if (kind <= 2)
      return `${this.#scalar([...columns, ...outer])} ${this.#pick(['>', '=', '<='])} ${this.#scalar(columns)}`;
    const inner = this.#table();
    const where = `${this.#scalar(inner.columns)} > ${this.#pick(columns)}`;
    const negated = this.#below(2) === 0 ? 'NOT ' : '';
    if (kind === 3) return `${negated}EXISTS (SELECT ${this.#pick(inner.columns)} FROM ${inner.text} WHERE ${where})`;
    return `${this.#pick(columns)} IN (SELECT ${this.#pick(inner.columns)} FROM ${inner.text} WHERE ${where})`;
  }

  #scalar(columns: readonly string[]): string {
    const kind = this.#below(4);
    if (kind === 0) return `(${this.#pick(columns)} + ${this.#pick(columns)})`;
    return kind === 1 ? String(this.#below(4)) : this.#pick(columns);
  }

  #name(prefix: string): string {
    return `${prefix}${++this.#names}`;
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }
}
