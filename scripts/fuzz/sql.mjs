/**
 * Random tables behind the server and the same rows in plain tables of an engine of their own: every query has one answer on both, and every change
 * of rows leaves the same. The engine is DuckDB on both sides, without its optimiser for the plain tables; what is tried is that, and all that lies
 * between its SQL and the files of an Iceberg table.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemoteEngine } from '../../dist/engine/duckdb/client/remote-engine.js';
import { Database } from '../../dist/engine/duckdb/process/native/database.js';
import { difference, schemaDifference } from './sql/compare.mjs';
import { ForeignWriter } from './sql/foreign.mjs';
import { queryText, randomQuery } from './sql/queries.mjs';
import { Random } from './sql/random.mjs';
import { forReference, forServer } from './sql/render.mjs';
import { shrunk } from './sql/shrink.mjs';
import { ReferenceSide, ServerSide } from './sql/sides.mjs';
import { RandomTable } from './sql/table.mjs';

export const description = 'random SQL over random Iceberg tables, compared with plain tables';
export const usualCount = 1000;

const tablesTogether = 3;
const statementsPerTable = 60;
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

/** The engine can't carry out MERGE, or takes seconds for joins of small tables, without these. */
const neededOptimizers = new Set(['build_side_probe_side', 'deliminator', 'unnest_rewriter']);

/** Loads the engine, which must be done before the server shares memory with its processes. */
export async function prepare() {
  const database = await Database.open({ threads: '1' });
  const connection = database.connect();
  await connection.execute("SET TimeZone = 'UTC'");
  const optimizers = (await connection.rows('SELECT name FROM duckdb_optimizers()')).flat();
  const directory = mkdtempSync(join(tmpdir(), 'skua-reference-'));
  const engine = await RemoteEngine.open({ processes: 1, isolation: 'shared', memory: 2 * 2 ** 30 });
  const instance = await engine.open({
    principal: 'reference',
    directory,
    memoryLimit: 2 ** 30,
    threads: 1,
    disabledOptimizers: optimizers.filter((name) => !neededOptimizers.has(name)).join(','),
  });
  const reference = new ReferenceSide(instance);
  await reference.query('CREATE SCHEMA demo');
  const close = async () => {
    await connection.close();
    await database.close();
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { connection, reference, close };
}

export async function run({ count, seed: given, randomFrom, server, log, prepared }) {
  // `seed@5` begins with the tables of round 5.
  const [, seed, first = '0'] = /^(.*?)(?:@(\d+))?$/.exec(given);
  const { connection, reference, close } = prepared;
  const side = new ServerSide(server.address, await server.token('adminuser'));
  const foreign = new ForeignWriter({
    connection,
    reference,
    catalog: { uri: server.catalogUri, token: () => server.token('adminuser') },
    storage: server.storage,
  });
  const versionOf = async (name) => {
    const { rows } = await side.query(`SELECT snapshot_id FROM demo."${name}$refs" WHERE name = 'main'`);
    return rows[0]?.[0];
  };
  const sides = { server: side, reference, foreign, versionOf };
  const fuzz = new Fuzz({ ...sides, seed, log });
  for (let round = Number(first); fuzz.done < count && fuzz.wrong.length < 20; round++) {
    const random = new Random(randomFrom(`${seed}.${round}`));
    const tables = [];
    for (let number = 0; number < tablesTogether; number++) {
      const table = new RandomTable(random, `f${round}_${number}`, sides);
      tables.push(table);
      if (!(await fuzz.make(table, round))) break;
    }
    const thousands = Math.floor(fuzz.done / 1000);
    const whole = tables.filter(({ isWrong }) => !isWrong);
    const last = Math.min(count, fuzz.done + tablesTogether * statementsPerTable);
    while (whole.length > 0 && fuzz.done < last) {
      if (random.chance(0.06)) await fuzz.changeRows(random.pick(whole), round);
      else await fuzz.ask(randomQuery(random, whole), whole, random, round);
      if (whole.some(({ isWrong }) => isWrong)) break;
    }
    if (Math.floor(fuzz.done / 1000) > thousands) log(`${fuzz.done} statements, ${fuzz.wrong.length} wrong`);
    for (const { name, versions } of tables) {
      await side.update(`DROP TABLE IF EXISTS demo.${name} PURGE`).catch(() => undefined);
      for (const table of [name, ...versions.map((_, index) => `${name}_v${index}`)]) {
        await reference.update(`DROP TABLE IF EXISTS demo.${table}`);
      }
    }
  }
  side.close();
  rmSync(foreign.folder, { recursive: true, force: true });
  await close();
  log(`${fuzz.done} statements; ${[...fuzz.outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(', ')}`);
  return fuzz.wrong;
}

class Fuzz {
  done = 0;
  wrong = [];
  outcomes = new Map();

  constructor(options) {
    Object.assign(this, options);
  }

  /** Makes a table and compares it; false where the sides differ already. */
  async make(table, round) {
    await this.#inZone('UTC');
    try {
      await table.create();
    } catch (error) {
      this.#tell(`${error.code ?? ''} ${error.message}`, [table], table.steps.at(-1), round);
      table.isWrong = true;
      return false;
    }
    return this.#compareTable(table, round);
  }

  async changeRows(table, round) {
    this.done++;
    await this.#inZone('UTC');
    try {
      await table.changeRows();
    } catch (error) {
      this.#tell(`${error.code ?? ''} ${error.message}`, [table], table.steps.at(-1), round);
      table.isWrong = true;
      return;
    }
    this.#count('changed');
    await this.#compareTable(table, round);
  }

  /** Asks one query of both sides, as it is, with parameters, or in a form that nothing can be left out for. */
  async ask(query, tables, random, round) {
    this.done++;
    await this.#inZone(random.chance(0.3) ? random.pick(otherZones) : 'UTC');
    const way = random.weighted([
      [6, 'plain'],
      [3, 'bound'],
      [1, 'unpruned'],
      [0.6, 'view'],
      [0.6, 'table'],
      [0.3, 'temporary table'],
    ]);
    const asked = way === 'unpruned' && query.where.length > 0 ? { ...query, unprunable: true } : query;
    const problem = await this.#problem(asked, way, true);
    if (problem === undefined) return;
    const small = await shrunk(asked, async (candidate) => (await this.#problem(candidate, way)) !== undefined);
    const smallest = (await this.#problem(small, way)) ?? problem;
    this.#tell(smallest, tables, this.#told(small, way), round);
  }

  async #inZone(zone) {
    if (zone === this.reference.timeZone) return;
    await this.server.update(`SET TimeZone = '${zone}'`);
    this.reference.timeZone = zone;
  }

  #told(query, way) {
    const values = way === 'bound' ? [] : undefined;
    const text = forServer(queryText(query), values);
    if (kept[way]) return `${kept[way]} demo.kept AS ${text}`;
    return values?.length > 0 ? `${text} with ${values.join(', ')}` : text;
  }

  async #problem(query, way, counted = false) {
    const text = queryText(query);
    const [found, wanted] = await Promise.all([
      this.#answer(text, way).catch((error) => ({ error })),
      this.reference.query(forReference(text)).catch((error) => ({ error })),
    ]);
    if (counted) this.#count(found.error ? found.error.code : 'answered');
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
    if (kept[way]) {
      const name = way === 'temporary table' ? 'kept' : 'demo.kept';
      await this.server.update(`${kept[way]} ${name} AS ${forServer(text)}`);
      try {
        return await this.server.query(`SELECT * FROM ${name}`);
      } finally {
        await this.server.update(`DROP ${way === 'view' ? 'VIEW' : 'TABLE'} ${name}`);
      }
    }
    const values = way === 'bound' ? [] : undefined;
    const sql = forServer(text, values);
    const parameters = [];
    for (const value of values ?? []) parameters.push(await this.reference.value(value));
    return this.server.query(sql, parameters);
  }

  async #compareTable(table, round) {
    const text = `SELECT * FROM ${table.mark}`;
    try {
      const [found, wanted] = [
        await this.server.query(forServer(text)),
        await this.reference.query(forReference(text)),
      ];
      const problem = difference(found, wanted);
      if (problem === undefined) return true;
      this.#tell(problem, [table], forServer(text), round);
    } catch (error) {
      this.#tell(message(error), [table], forServer(text), round);
    }
    table.isWrong = true;
    return false;
  }

  #count(outcome) {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  #tell(problem, tables, statement, round) {
    const named = tables.filter(({ name }) => statement?.includes(name));
    const steps = (named.length > 0 ? named : tables).flatMap((table) => table.steps);
    const zone = this.reference.timeZone;
    const told = [
      zone === 'UTC' ? problem : `${problem}, in ${zone}`,
      `  in: ${statement}`,
      `  again: npm run fuzz -- sql ${tablesTogether * statementsPerTable} ${this.seed}@${round}, after:`,
      ...steps.map((step) => `    ${step};`),
    ].join('\n');
    this.wrong.push(told);
    this.log(`${this.done}: ${told.split('\n').slice(0, 3).join('\n')}`);
  }
}

const message = (error) => `${error.code ?? ''}: ${error.message}`;
const isBad = ({ code }) => code === undefined || ['INTERNAL', 'UNKNOWN', 'UNAVAILABLE', 'DATA_LOSS'].includes(code);
