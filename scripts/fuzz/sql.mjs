/**
 * Random tables behind the server and the same rows in plain tables of an engine of their own: every query has one answer on both, and every change
 * of rows leaves the same. The engine is DuckDB on both sides, without its optimiser for the plain tables; what is tried is that, and all that lies
 * between its SQL and the files of an Iceberg table.
 *
 * A round is three tables and what is asked of them; its seed alone decides what it does. Rounds run beside each other in lanes, each with sessions and plain
 * tables of its own.
 */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Asker } from './sql/asker.mjs';
import { ForeignWriter } from './sql/foreign.mjs';
import { randomQuery } from './sql/queries.mjs';
import { Random } from './sql/random.mjs';
import { openReferences } from './sql/reference.mjs';
import { ServerSide, Sessions } from './sql/sides.mjs';
import { RandomTable } from './sql/table.mjs';

export const description = 'random SQL over random Iceberg tables, compared with plain tables';
export const usualCount = 1000;

const tablesTogether = 3;
const statementsPerTable = 80;
const statementsPerRound = tablesTogether * statementsPerTable;
const mostLanes = 4;
const mostWrong = 20;

/** Loads the engine, which must be done before the server shares memory with its processes. */
export const prepare = () => openReferences(Math.min(mostLanes, availableParallelism()));

export async function run({ count, seed: given, randomFrom, server, log, prepared }) {
  // `seed@5` begins with the tables of round 5.
  const [, seed, first = '0'] = /^(.*?)(?:@(\d+))?$/.exec(given);
  const token = await server.token('adminuser');
  const tally = new Tally({ seed, log });
  const rounds = Math.ceil(count / statementsPerRound);
  let next = 0;
  const lanes = prepared.references
    .slice(0, rounds)
    .map((reference) => new Lane({ server, token, prepared, reference, tally }));
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < rounds && tally.wrong.length < mostWrong) {
        const most = Math.min(statementsPerRound, count - next * statementsPerRound);
        const number = Number(first) + next++;
        await lane.round(new Random(randomFrom(`${seed}.${number}`)), number, most);
      }
    }),
  );
  for (const lane of lanes) lane.close();
  await prepared.close();
  log(`${tally.done} statements; ${[...tally.outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(', ')}`);
  return tally.wrong;
}

/** What came of the statements of all lanes. */
class Tally {
  done = 0;
  wrong = [];
  outcomes = new Map();
  #begun = performance.now();

  constructor(options) {
    Object.assign(this, options);
  }

  did(statements) {
    const thousands = Math.floor(this.done / 1000);
    this.done += statements;
    if (Math.floor(this.done / 1000) === thousands) return;
    const seconds = Math.round((performance.now() - this.#begun) / 1000);
    this.log(`${this.done} statements, ${this.wrong.length} wrong, after ${seconds} s`);
  }

  count(outcome) {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  /** `zone`: that of the session. */
  tell({ problem, tables, statement, round, zone = 'UTC' }) {
    const named = tables.filter(({ name }) => statement?.includes(name));
    const steps = (named.length > 0 ? named : tables).flatMap((table) => table.steps);
    const told = [
      zone === 'UTC' ? problem : `${problem}, in ${zone}`,
      `  in: ${statement}`,
      `  again: npm run fuzz -- sql ${statementsPerRound} ${this.seed}@${round}, after:`,
      ...steps.map((step) => `    ${step};`),
    ].join('\n');
    this.wrong.push(told);
    this.log(`${this.done}: ${told.split('\n').slice(0, 3).join('\n')}`);
  }
}

/** Rounds one after the other. */
class Lane {
  constructor({ server, token, prepared, reference, tally }) {
    this.reference = reference;
    this.tally = tally;
    this.sessions = new Sessions(() => new ServerSide(server.address, token));
    const side = this.sessions.usual;
    this.foreign = new ForeignWriter({
      connection: prepared.connection,
      reference,
      catalog: { uri: server.catalogUri, token: () => server.token('adminuser') },
      storage: server.storage,
    });
    const versionOf = async (name) => {
      const { rows } = await side.query(`SELECT snapshot_id FROM demo."${name}$refs" WHERE name = 'main'`);
      return rows[0]?.[0];
    };
    this.sides = { server: side, reference, foreign: this.foreign, versionOf };
    this.asker = new Asker({ sessions: this.sessions, reference, tally, url: server.httpUrl, token });
  }

  async round(random, number, most) {
    const { asker, sides, tally } = this;
    const tables = [];
    let asked = 0;
    for (let index = 0; index < tablesTogether; index++) {
      const table = new RandomTable(random, `f${number}_${index}`, sides);
      tables.push(table);
      if (!(await asker.make(table, number))) break;
    }
    const whole = tables.filter(({ isWrong }) => !isWrong);
    while (whole.length > 0 && asked < most && !whole.some(({ isWrong }) => isWrong)) {
      const statements = random.chance(0.08)
        ? await asker.changeRows(random.pick(whole), whole, number)
        : await asker.ask(randomQuery(random, whole), { tables: whole, random, round: number, most: most - asked });
      asked += statements;
      tally.did(statements);
    }
    for (const { name, versions } of tables) {
      await sides.server.update(`DROP TABLE IF EXISTS demo.${name} PURGE`).catch(() => undefined);
      for (const table of [name, ...versions.map((_, index) => `${name}_v${index}`)]) {
        await this.reference.update(`DROP TABLE IF EXISTS demo.${table}`);
      }
    }
  }

  close() {
    this.sessions.close();
    rmSync(this.foreign.folder, { recursive: true, force: true });
  }
}
