/** The life of a random table on both sides: rows that come, change and go, and definitions that change in between. */
import { compact, deleteUsing, insertByName, insertFromItself, transact, updateFrom } from './changes.mjs';
import { difference } from './compare.mjs';
import { add, drop, promote, randomTransform, rename, reorder, respec, upgrade } from './evolution.mjs';
import { Expressions } from './expressions.mjs';
import { deleteByOther, insertFromOther, mergeOther, updateByOther } from './others.mjs';
import { forReference, forServer, tableMark } from './render.mjs';
import { evolvedSql, RowSource, rowSql } from './rows.mjs';
import { field, holds, holdsSame, identifier, isNested, randomType, typeSql } from './types.mjs';

const names = ['a', 'B', 'c d', 'select', '\u00e9t\u00e9', 'x', 'y', 'z', 'w', 'v', 'u', 'n'];

export class RandomTable {
  /** @param sides `{ server, reference, foreign, versionOf }` */
  constructor(random, name, sides) {
    Object.assign(this, { random, name, ...sides });
    this.version = random.pick([1, 2, 2, 2, 3, 3, 3]);
    this.columns = [{ ...field('id', { kind: 'long' }), isId: true }];
    for (const column of names.slice(0, random.between(2, 7))) {
      this.columns.push(field(column, randomType(random, this.version)));
    }
    this.unused = names.slice(this.columns.length - 1);
    this.nextId = 0;
    this.steps = [];
    this.versions = [];
    this.partitions = [];
    this.refused = 0;
    this.expressions = new Expressions(random);
  }

  async create() {
    const { random } = this;
    for (const column of random.some(this.columns, 0.25).slice(0, 2)) {
      const clause = randomTransform(random, column);
      if (clause) this.partitions.push(clause);
    }
    const properties = [`'format-version' = '${this.version}'`, ...randomProperties(random)];
    const columns = (side) =>
      this.columns.map(({ name, type }) => `${identifier(name)} ${typeSql(type, side)}`).join(', ');
    const partitioned = this.partitions.length > 0 ? ` PARTITIONED BY (${this.partitions.join(', ')})` : '';
    const sorted = random.chance(0.15) ? ' SORTED BY (id DESC)' : '';
    await this.change(
      `CREATE TABLE demo.${this.name} (${columns('server')})${partitioned}${sorted} TBLPROPERTIES (${properties.join(', ')})`,
      `CREATE TABLE demo.${this.name} (${columns('reference')})`,
    );
    await this.insert();
    if (random.chance(0.08)) await this.insertMany();
    for (let left = random.between(3, 9); left > 0; left--) await this.#step();
    if (random.chance(0.8)) await this.insert();
  }

  #step() {
    return this.random.weighted([
      [5, () => this.insert()],
      [3, () => this.delete()],
      [2, () => this.update()],
      [1.5, () => this.merge()],
      [1.5, () => add(this)],
      [1.5, () => drop(this)],
      [1.5, () => rename(this)],
      [1.5, () => promote(this)],
      [1, () => reorder(this)],
      [1, () => respec(this)],
      [this.version > 1 ? 2 : 0, () => this.deleteByEquality()],
      [1.5, () => this.appendForeign()],
      [this.version < 3 ? 0.7 : 0, () => upgrade(this)],
      [1.5, () => compact(this)],
      [1.5, () => transact(this)],
    ])();
  }

  /** One random statement that changes rows, also by what is in other tables. */
  changeRows(tables = [this]) {
    return this.random.weighted([
      ...[deleteByOther, updateByOther, mergeOther, insertFromOther].map((change) => [1, () => change(this, tables)]),
      [4, () => this.insert()],
      [3, () => this.delete()],
      [3, () => this.update()],
      [2, () => this.merge()],
      [1, () => deleteUsing(this)],
      [1, () => updateFrom(this)],
      [1, () => insertByName(this)],
      [0.5, () => insertFromItself(this)],
    ])();
  }

  get mark() {
    return tableMark(this.name);
  }

  scope(alias) {
    return this.columns.map(({ name, type }) => ({ sql: `${alias}.${identifier(name)}`, type }));
  }

  /** Runs one change on both sides; the counts of rows must be the same. `wanted` is the SQL of the reference. */
  async change(sql, wanted = sql) {
    const values = this.random.chance(0.35) && wanted === sql ? [] : undefined;
    const text = forServer(sql, values);
    this.steps.push(text.replace(/\s+/g, ' '));
    const parameters = await this.reference.values(values ?? []);
    const failed = (error) => ({ error });
    const [count, expected] = await Promise.all([
      this.server.update(text, parameters).catch(failed),
      this.reference.update(forReference(wanted)).catch(failed),
    ]);
    if (count.error?.code === 'INVALID_ARGUMENT' && expected.error) {
      this.steps.pop();
      return;
    }
    if (count.error ?? expected.error) throw count.error ?? expected.error;
    if (/^(?:INSERT|UPDATE|DELETE|MERGE|WITH)/.test(sql) && count !== expected) {
      throw new Error(`${count} rows changed instead of ${expected}`);
    }
    // A change of no rows leaves no snapshot.
    if (count > 0 && !this.isTransacting && this.random.chance(0.25)) await this.keepVersion();
  }

  async keepVersion() {
    if (this.versions.length >= 3) return;
    const snapshot = await this.versionOf(this.name);
    if (snapshot === undefined) return;
    const number = this.versions.length;
    await this.reference.update(`CREATE OR REPLACE TABLE demo.${this.name}_v${number} AS FROM demo.${this.name}`);
    this.versions.push({ mark: `${number}:${snapshot}`, columns: structuredClone(this.columns) });
  }

  rows(count) {
    const source = new RowSource(this.random);
    return Array.from({ length: count }, () => rowSql(source, this.columns, this.nextId++));
  }

  async insert() {
    const rows = this.rows(this.random.between(1, 15));
    await this.#changeAnd(`INSERT INTO ${this.mark} VALUES ${rows.join(', ')}`);
  }

  /** More rows than a row group of the smallest size has. */
  async insertMany() {
    this.isBig = true;
    const source = new RowSource(this.random);
    const columns = this.columns.map((column) => {
      if (column.isId) return `${this.nextId} + range`;
      const values = Array.from({ length: 4 }, () => source.value(column));
      const step = this.random.pick([1, 500, 1000, 4000]);
      const cases = values.map(
        (value, index) => `WHEN (range // ${step}) % 4 = ${index} THEN CAST(${value} AS ${typeSql(column.type)})`,
      );
      return `CASE ${cases.join(' ')} END`;
    });
    await this.change(`INSERT INTO ${this.mark} SELECT ${columns.join(', ')} FROM range(3000)`);
    this.nextId += 3000;
  }

  #condition(scope) {
    const { random } = this;
    const narrow = `t0.id ${random.pick(['<', '>', '='])} ${random.below(this.nextId + 1)}`;
    return random.chance(0.4) ? narrow : `(${narrow}) AND (${this.expressions.condition(scope, 1).sql})`;
  }

  async delete() {
    await this.#changeAnd(`DELETE FROM ${this.mark} AS t0 WHERE ${this.#condition(this.scope('t0'))}`);
  }

  /** Runs a change as it is, or with RETURNING, whose rows must be the same on both sides. */
  async #changeAnd(sql) {
    const { random } = this;
    if (!random.chance(0.15)) {
      await this.change(sql);
      return;
    }
    // The engine that runs the plain tables gives these in a query around the text alone.
    const isOdd = ({ kind }) => kind === 'variant' || kind === 'timestamptz_ns';
    const items = random
      .some(this.columns, 0.5)
      .filter(({ type }) => !holds(type, isOdd))
      .map(({ name }) => identifier(name));
    const text = `${sql} RETURNING ${['id', ...items].join(', ')}`;
    this.steps.push(forServer(text));
    const failed = (error) => ({ error });
    const [found, wanted] = await Promise.all([
      this.server.query(forServer(text)).catch(failed),
      this.reference.query(forReference(text)).catch(failed),
    ]);
    if (found.error?.code === 'INVALID_ARGUMENT' && wanted.error) {
      this.steps.pop();
      return;
    }
    if (found.error ?? wanted.error) throw found.error ?? wanted.error;
    const problem = difference(found, wanted);
    if (problem !== undefined) throw new Error(`RETURNING gives ${problem}`);
  }

  async update() {
    const { random } = this;
    const changed = random.shuffled(this.columns.filter(({ isId }) => !isId)).slice(0, random.between(1, 2));
    if (changed.length === 0) return;
    const source = new RowSource(random);
    const scope = this.scope('t0');
    const assignments = changed.map((column) => {
      const like = scope.filter(({ type }) => holdsSame(type, column.type));
      const value =
        random.chance(0.3) && like.length > 0
          ? random.pick(like).sql
          : `CAST(${source.value(column)} AS ${typeSql(column.type)})`;
      return `${identifier(column.name)} = ${value}`;
    });
    await this.#changeAnd(`UPDATE ${this.mark} AS t0 SET ${assignments.join(', ')} WHERE ${this.#condition(scope)}`);
  }

  async merge() {
    const { random } = this;
    const source = new RowSource(random);
    const rows = [];
    const used = new Set();
    for (let count = random.between(1, 8); count > 0; count--) {
      const id = random.chance(0.6) ? random.below(this.nextId + 1) : this.nextId + 1;
      if (used.has(id)) continue;
      used.add(id);
      this.nextId = Math.max(this.nextId, id + 1);
      rows.push(rowSql(source, this.columns, id));
    }
    const columns = this.columns.map(({ name }) => identifier(name));
    const others = columns.slice().filter((name) => name !== '"id"');
    const set = random.some(others, 0.6);
    const clauses = [];
    if (random.chance(0.3))
      clauses.push(`WHEN MATCHED AND ${this.expressions.condition(this.scope('t0'), 2).sql} THEN DELETE`);
    if (set.length > 0)
      clauses.push(`WHEN MATCHED THEN UPDATE SET ${set.map((name) => `${name} = s.${name}`).join(', ')}`);
    if (random.chance(0.8) || clauses.length === 0) {
      const given = columns.map((name) => `s.${name}`).join(', ');
      clauses.push(`WHEN NOT MATCHED THEN INSERT (${columns.join(', ')}) VALUES (${given})`);
    }
    if (random.chance(0.2))
      clauses.push(`WHEN NOT MATCHED BY SOURCE AND t0.id = ${random.below(this.nextId)} THEN DELETE`);
    const given = `(SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${columns.join(', ')})) AS s`;
    await this.change(`MERGE INTO ${this.mark} AS t0 USING ${given} ON t0.id = s.id ${clauses.join(' ')}`);
  }

  /** Alters the table on the server, and makes the plain one anew of what it was. False for what the server refuses, which is left. */
  async evolve(alteration, change) {
    const before = structuredClone(this.columns);
    const after = structuredClone(this.columns);
    const columns = change(after) ?? after;
    const text = `ALTER TABLE demo.${this.name} ${alteration}`;
    try {
      await this.server.update(text);
    } catch (error) {
      if (error.code !== 'INVALID_ARGUMENT') throw new Error(`${text}: ${error.code} ${error.message}`);
      this.refused++;
      return false;
    }
    this.steps.push(text);
    const items = columns.map((column) => {
      const old = before.find(({ key }) => key === column.key);
      return `${evolvedSql(old, column, old && identifier(old.name))} AS ${identifier(column.name)}`;
    });
    await this.reference.update(
      `CREATE OR REPLACE TABLE demo.${this.name} AS SELECT ${items.join(', ')} FROM demo.${this.name}`,
    );
    this.columns = columns;
    return true;
  }

  /** Deletes that name the values of rows, which Skua reads and does not write. */
  async deleteByEquality() {
    const { random } = this;
    const plain = this.columns.filter(
      ({ type }) => !isNested(type) && !['variant', 'unknown', 'float', 'double'].includes(type.kind),
    );
    const chosen = random.shuffled(plain).slice(0, random.pick([1, 1, 2]));
    const condition = `t0.id % ${random.pick([2, 3, 5])} = 0`;
    const columns = chosen.map(({ name }) => identifier(name));
    const done = await this.foreign.deleteByEquality(
      this,
      chosen,
      `SELECT DISTINCT ${columns.join(', ')} FROM demo.${this.name} AS t0 WHERE ${condition}`,
    );
    if (!done) return;
    this.steps.push(`-- an equality delete of (${columns.join(', ')}) of the rows WHERE ${condition}`);
    const equal = columns.map((name) => `t0.${name} IS NOT DISTINCT FROM d.${name}`).join(' AND ');
    await this.reference.update(
      `DELETE FROM demo.${this.name} AS t0 USING (SELECT DISTINCT ${columns.join(', ')} FROM demo.${this.name} AS t0 WHERE ${condition}) AS d WHERE ${equal}`,
    );
    if (random.chance(0.3)) await this.keepVersion();
  }

  /** A data file of another writer: without statistics, in another codec, its columns in another order, some left out. */
  async appendForeign() {
    const rows = this.rows(this.random.between(1, 10));
    const columns = this.columns.map(({ name }) => identifier(name)).join(', ');
    const values = `SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${columns})`;
    const done = await this.foreign.append(this, values);
    if (!done) return;
    this.steps.push(`-- a data file of another writer: ${values}`);
    await this.reference.update(`INSERT INTO demo.${this.name} ${values}`);
  }
}

function randomProperties(random) {
  const properties = [];
  const set = (share, name, values) => {
    if (random.chance(share)) properties.push(`'${name}' = '${random.pick(values)}'`);
  };
  set(0.4, 'write.parquet.compression-codec', ['zstd', 'snappy', 'gzip', 'uncompressed']);
  set(0.4, 'write.metadata.metrics.default', ['none', 'counts', 'truncate(2)', 'full']);
  set(0.25, 'write.delete.mode', ['copy-on-write']);
  set(0.25, 'write.delete.granularity', ['file']);
  set(0.2, 'commit.manifest.min-count-to-merge', ['2']);
  return properties;
}
