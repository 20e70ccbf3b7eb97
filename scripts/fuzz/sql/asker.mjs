/** Asks what is random of both sides, in every way that a statement goes, and tells where they differ. */
import { batchToRows, decodeStream } from '../../../dist/arrow/index.js';
import { SkuaError } from '../../../dist/errors.js';
import { difference, schemaDifference } from './compare.mjs';
import { queryText } from './queries.mjs';
import { forReference, forServer, rebound } from './render.mjs';
import { shrunk } from './shrink.mjs';

/** Ways to ask that keep the query or its answer first, and how. */
const kept = {
  view: 'CREATE VIEW',
  table: 'CREATE TABLE',
  'temporary table': 'CREATE TEMPORARY TABLE',
};
/** Statuses of statements that the server says it can't do; whoever reads the summary sees how many. */
const passedOver = 'UNIMPLEMENTED';
/** Of the sessions that ask; with offsets that are no whole hours, that change within the year, and that once had seconds. */
const otherZones = ['Asia/Kolkata', 'America/New_York', 'Europe/Amsterdam', 'Australia/Lord_Howe'];
/** How often one prepared statement is bound, at most. */
const mostBindings = 4;

let views = 0;

export class Asker {
  /** @param options `{ sessions, reference, tally, url, token }`; `url`: of the HTTP listener */
  constructor(options) {
    Object.assign(this, options);
    this.session = this.sessions.usual;
  }

  /** Makes a table and compares it; false where the sides differ already. */
  async make(table, round) {
    this.#inUtc();
    try {
      await table.create();
    } catch (error) {
      this.#tellOfTable(table, error, round);
      return false;
    }
    return this.#compareTable(table, round);
  }

  /** Changes one of the tables. The number of statements, which is 1. */
  async changeRows(table, tables, round) {
    this.#inUtc();
    try {
      await table.changeRows(tables);
    } catch (error) {
      this.#tellOfTable(table, error, round);
      return 1;
    }
    this.tally.count('changed');
    await this.#compareTable(table, round);
    return 1;
  }

  /** Asks one query of both sides, as it is, with parameters, or in a form that nothing can be left out for. The number of statements, at most `most`. */
  async ask(query, { tables, random, round, most }) {
    if (random.chance(0.3)) await this.#inOtherZone(random);
    else this.#inUtc();
    const way = random.weighted([
      [5, 'plain'],
      [2, 'http'],
      [2, 'bound'],
      [1, 'unpruned'],
      [0.6, 'view'],
      [0.6, 'table'],
      [0.3, 'temporary table'],
    ]);
    const asked = way === 'unpruned' && query.where.length > 0 ? { ...query, unprunable: true } : query;
    if (way === 'bound') return this.#askBound(asked, { tables, random, round, most });
    const problem = await this.#problem(asked, way, true);
    if (problem !== undefined) await this.#tellOfQuery(asked, { problem, way, tables, round });
    return 1;
  }

  /** One prepared statement, bound to one set of values after another. */
  async #askBound(query, { tables, random, round, most }) {
    const text = queryText(query);
    const bindings = [text];
    const count = Math.min(most, random.between(1, mostBindings));
    while (bindings.length < count) bindings.push(rebound(random, text));
    if (bindings.every((binding) => binding === text)) bindings.length = 1;
    const wanted = bindings.map((binding) => this.#wanted(binding));
    const found = await this.#bound(bindings);
    for (const [index, binding] of bindings.entries()) {
      const problem = this.#compared(query, 'bound', { found: found[index], wanted: await wanted[index] }, true);
      if (problem === undefined) continue;
      if (index === 0) await this.#tellOfQuery(query, { problem, way: 'bound', tables, round });
      else {
        const values = [];
        const statement = forServer(binding, values);
        this.#tell({ problem, tables, statement: `${statement} with ${values.join(', ')}, bound after others`, round });
      }
      break;
    }
    return bindings.length;
  }

  async #tellOfQuery(query, { problem, way, tables, round }) {
    const small = await shrunk(query, async (candidate) => (await this.#problem(candidate, way)) !== undefined);
    const smallest = (await this.#problem(small, way)) ?? problem;
    this.#tell({ problem: smallest, tables, statement: this.#told(small, way), round });
  }

  #tellOfTable(table, error, round) {
    table.isWrong = true;
    this.#tell({ problem: message(error), tables: [table], statement: table.steps.at(-1), round });
  }

  #tell(what) {
    this.tally.tell({ ...what, zone: this.reference.timeZone });
  }

  #inUtc() {
    this.session = this.sessions.usual;
    this.reference.timeZone = 'UTC';
  }

  async #inOtherZone(random) {
    const { zone } = this.sessions;
    const next = zone && random.chance(0.75) ? zone : random.pick(otherZones);
    this.session = await this.sessions.in(next);
    this.reference.timeZone = next;
  }

  #told(query, way) {
    const values = way === 'bound' ? [] : undefined;
    const text = forServer(queryText(query), values);
    if (kept[way]) return `${kept[way]} demo.kept AS ${text}`;
    if (way === 'http') return `${text} over HTTP`;
    return values?.length > 0 ? `${text} with ${values.join(', ')}` : text;
  }

  async #problem(query, way, counted = false) {
    const text = queryText(query);
    const [found, wanted] = await Promise.all([this.#found(text, way), this.#wanted(text)]);
    return this.#compared(query, way, { found, wanted }, counted);
  }

  #found(text, way) {
    return this.#answer(text, way).catch((error) => ({ error }));
  }

  #wanted(text) {
    return this.reference.query(forReference(text)).catch((error) => ({ error }));
  }

  #compared(query, way, { found, wanted }, counted) {
    if (counted) this.tally.count(found.error ? found.error.code : 'answered');
    if (found.error?.code === passedOver || wanted.error?.code === passedOver) return undefined;
    if (found.error && wanted.error) return isBad(found.error) ? message(found.error) : undefined;
    // A table can't hold all that a query can answer.
    if (/table/.test(way) && found.error?.code === 'INVALID_ARGUMENT') return undefined;
    if (found.error) return message(found.error);
    if (wanted.error) return `answered, where the reference says: ${message(wanted.error)}`;
    return (
      schemaDifference(found.planned, found.schema) ??
      difference(found, wanted, {
        ordered: query.isTotal && Boolean(query.order) && !kept[way],
        anyUnit: /table/.test(way),
      })
    );
  }

  /** What the server answers, also by way of a view or a table that holds the answer. */
  async #answer(text, way) {
    const { session } = this;
    if (kept[way]) {
      const name = way === 'temporary table' ? 'kept' : `demo.kept${views++}`;
      await session.update(`${kept[way]} ${name} AS ${forServer(text)}`);
      try {
        return await session.query(`SELECT * FROM ${name}`);
      } finally {
        await session.update(`DROP ${way === 'view' ? 'VIEW' : 'TABLE'} ${name}`);
      }
    }
    if (way === 'bound') {
      const [found] = await this.#bound([text]);
      if (found.error) throw found.error;
      return found;
    }
    if (way === 'http' && this.reference.timeZone === 'UTC') return this.#overHttp(forServer(text));
    return session.query(forServer(text));
  }

  /** The answers of one prepared statement, `{ error }` for each that has none. */
  async #bound(texts) {
    const failed = (error) => texts.map(() => ({ error }));
    const sets = texts.map((text) => {
      const values = [];
      return { sql: forServer(text, values), values };
    });
    try {
      const parameters = [];
      for (const { values } of sets) parameters.push(await this.reference.values(values));
      return await this.session.queryEach(sets[0].sql, parameters);
    } catch (error) {
      return failed(error);
    }
  }

  /** In one round trip, in the zone of a session that none was set in. */
  async #overHttp(body) {
    const answer = await fetch(`${this.url}/v1/statements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.token}`,
        accept: 'application/vnd.apache.arrow.stream',
        'content-type': 'application/sql',
      },
      body,
    });
    if (!answer.ok) {
      const { code, detail } = await answer.json();
      throw new SkuaError(code, detail);
    }
    const { schema, batches } = decodeStream(new Uint8Array(await answer.arrayBuffer()));
    return { planned: schema, schema, rows: batches.flatMap((batch) => batchToRows(schema, batch)) };
  }

  async #compareTable(table, round) {
    const text = `SELECT * FROM ${table.mark}`;
    const [found, wanted] = await Promise.all([this.#found(text, 'plain'), this.#wanted(text)]);
    const error = found.error ?? wanted.error;
    const problem = error ? message(error) : difference(found, wanted);
    if (problem === undefined) return true;
    this.#tell({ problem, tables: [table], statement: forServer(text), round });
    table.isWrong = true;
    return false;
  }
}

const message = (error) => `${error.code ?? ''}: ${error.message}`;
const isBad = ({ code }) => code === undefined || ['INTERNAL', 'UNKNOWN', 'UNAVAILABLE', 'DATA_LOSS'].includes(code);
