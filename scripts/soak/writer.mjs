/** Changes of tables that one writer alone changes, so that it knows what is in them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Field, Int64, Schema } from 'apache-arrow';
import { rowsToBatch } from '../../dist/arrow/index.js';
import { rowsOf } from './worker.mjs';

/** Changes after which the tables are dropped and made anew, so that nothing grows. */
const LIFE = 25;
const schema = new Schema([new Field('id', new Int64()), new Field('n', new Int64())]);
const summary = 'SELECT count(*), coalesce(sum(id), 0), coalesce(sum(n * (id % 13 + 1)), 0) FROM';

/** Two tables and their rows, as maps of `id` to `n`. What became of a change that failed is looked up once nothing of it runs any more. */
export class Writer {
  #generation = 0;
  #changes = 0;
  #next = 0;
  #known = [new Map(), new Map()];
  #isMade = false;
  #isLeaving = false;
  /** What may be the case instead. */
  #other;
  #isTransaction = false;

  constructor(worker) {
    this.worker = worker;
  }

  get tables() {
    return ['a', 'b'].map((table) => `${this.worker.name}_${this.#generation}_${table}`);
  }

  async work() {
    if (!this.#isMade) await this.#make();
    if (this.#other !== undefined) await this.#findOut();
    if (this.#changes >= LIFE) return await this.#renew();
    const after = this.#known.map((rows) => new Map(rows));
    const change = this.#change(after);
    this.#changes++;
    this.#other = after;
    await change();
    this.#known = after;
    this.#other = undefined;
    this.worker.counted('changes');
    if (this.worker.random() < 0.4) await this.#check();
  }

  async #make() {
    const client = await this.worker.flight();
    for (const table of this.tables) {
      await client.execute(
        `CREATE TABLE IF NOT EXISTS ${table} (id BIGINT, n BIGINT) TBLPROPERTIES ('write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read')`,
      );
    }
    this.#isMade = true;
  }

  /** What is still there of the old ones must go. */
  async #renew() {
    const client = await this.worker.flight();
    if (!this.#isLeaving) await this.#check();
    // One of them may be gone when the other one can't be dropped.
    this.#isLeaving = true;
    for (const table of this.tables) await client.executeUpdate(`DROP TABLE IF EXISTS ${table} PURGE`);
    this.#generation++;
    this.#changes = 0;
    this.#known = [new Map(), new Map()];
    this.#isMade = false;
    this.#isLeaving = false;
    this.worker.counted('tables dropped');
  }

  async #check() {
    for (const [index, table] of this.tables.entries()) {
      await this.worker.check(`${summary} ${table}`, undefined, summaryOf(this.#known[index]));
    }
  }

  /** Changes what is known as well. */
  #change(after) {
    const worker = this.worker;
    const [a, b] = this.tables;
    const [rows, others] = after;
    const first = this.#next;
    const size = 50 + worker.below(100);
    this.#next += size;
    const ids = Array.from({ length: size }, (_, index) => first + index);
    const rest = worker.below(7);
    const some = [...rows.keys()].filter((id) => id % 7 === rest);
    const add = (to) => ids.forEach((id) => void to.set(id, id % 89));
    const values = `SELECT range, range % 89 FROM range(${first}, ${first + size})`;
    const batch = rowsToBatch(
      schema,
      ids.map((id) => [BigInt(id), BigInt(id % 89)]),
    );
    const update = async (sql, options) => (await worker.flight()).executeUpdate(sql, options);
    const kind = worker.pick(['insert', 'ingest', 'prepared', 'update', 'delete', 'merge', 'transaction', 'http']);
    this.#isTransaction = kind === 'transaction';
    switch (kind) {
      case 'insert':
        add(rows);
        return () => update(`INSERT INTO ${a} ${values}`);
      case 'ingest':
        add(rows);
        return async () => (await worker.flight()).ingest(a, { schema, batches: [batch] }, { mode: 'append' });
      case 'prepared':
        add(rows);
        return async () => {
          const statement = await (await worker.flight()).prepare(`INSERT INTO ${a} VALUES (?, ?)`);
          await statement.executeUpdate({ rows: ids.map((id) => [id, id % 89]) });
          if (worker.random() < 0.5) await statement.close().catch(() => undefined);
        };
      case 'update':
        for (const id of some) rows.set(id, rows.get(id) + 1);
        return () => update(`UPDATE ${a} SET n = n + 1 WHERE id % 7 = ?`, { parameters: [rest] });
      case 'delete':
        for (const id of some) rows.delete(id);
        return () => update(`DELETE FROM ${a} WHERE id % 7 = ${rest}`);
      case 'merge':
        for (const id of ids) rows.set(id, 5);
        for (const id of some) rows.set(id, 5);
        return () =>
          update(
            `MERGE INTO ${a} t USING (SELECT range AS id FROM range(${first}, ${first + size}) UNION ALL SELECT id FROM ${a} WHERE id % 7 = ${rest}) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 5 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 5)`,
          );
      case 'transaction':
        add(rows);
        add(others);
        return async () => {
          const transaction = await (await worker.flight()).begin();
          await transaction.executeUpdate(`INSERT INTO ${a} ${values}`);
          await transaction.executeUpdate(`INSERT INTO ${b} ${values}`);
          await transaction.commit();
        };
      default:
        add(others);
        return async () => (await worker.http()).executeUpdate(`INSERT INTO ${b} ${values}`);
    }
  }

  async #findOut() {
    const worker = this.worker;
    await this.#untilNothingRuns();
    const found = [];
    for (const table of this.tables) found.push(String(await worker.rows(`${summary} ${table}`)));
    const as = (known) => String(known.map((rows) => String(summaryOf(rows))));
    const [before, after] = [as(this.#known), as(this.#other)];
    worker.judge(
      `${this.tables} after a change that failed, ${before} before it`,
      String(found),
      String(found) === before ? before : after,
    );
    if (String(found) !== before) this.#known = this.#other;
    this.#other = undefined;
    worker.counted('changes looked up');
  }

  /** A statement whose client is gone may be at its commit. Each writer is a principal of its own, and sees its own statements alone. */
  async #untilNothingRuns() {
    const sql =
      "SELECT count(*) FROM system.runtime.queries WHERE ended IS NULL AND coalesce(sql, '') NOT LIKE '%system.runtime.queries%'";
    // The end of a transaction is in no list of statements.
    let quiet = 0;
    for (let looks = 0; looks < 200; looks++) {
      const [[running]] = await rowsOf(await (await this.worker.flight()).execute(sql));
      quiet = Number(running) === 0 ? quiet + 1 : 0;
      if (quiet === (this.#isTransaction ? 8 : 1)) return;
      await sleep(300);
    }
    this.worker.problem('a statement whose client is gone ran on for a minute');
  }
}

function summaryOf(rows) {
  let [sum, weighted] = [0, 0];
  for (const [id, n] of rows) {
    sum += id;
    weighted += n * ((id % 13) + 1);
  }
  return [rows.size, sum, weighted];
}
