/** One of those who make the load: a principal with a client of their own, whose failures are counted, and whose answers are checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { batchToRows } from '../../dist/arrow/index.js';
import { connect as connectHttp } from '../../dist/client/http/index.js';
import { connect } from '../../dist/client/index.js';
import { SkuaError } from '../../dist/errors.js';
import { randomFrom } from '../faults/random.mjs';

/** What cut connections, and catalogs and stores that refuse, explain; 429 is RESOURCE_EXHAUSTED. */
const explained = new Set(['UNAVAILABLE', 'ABORTED', 'RESOURCE_EXHAUSTED']);

export class Worker {
  #world;
  #number = 0;
  #flight;
  #http;

  /** `world`: `{ addresses: { flight, http }, token(user), outcome, gate, seed, say }`. */
  constructor(world, user, name) {
    this.#world = world;
    this.user = user;
    this.name = name;
    this.random = randomFrom(world.seed * 1000 + [...name].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7));
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  /** A whole number from 0 on, below `limit`. */
  below(limit) {
    return Math.floor(this.random() * limit);
  }

  /** Does pieces of work until nobody passes any more; a client lives for some of them. */
  async go(work) {
    while (await this.#world.gate.pass(this.name, () => this.#leave())) {
      this.#number++;
      await this.attempt(() => work());
      if (this.random() < 0.15) await this.#leave();
      await sleep(this.random() * 150);
    }
    await this.#leave();
  }

  async flight() {
    const { addresses, token } = this.#world;
    this.#flight ??= connect({ address: addresses.flight, token: await token(this.user) });
    return this.#flight;
  }

  async http() {
    const { addresses, token } = this.#world;
    this.#http ??= connectHttp({ address: addresses.http, token: await token(this.user) });
    return this.#http;
  }

  /** What came of it; undefined where it failed. `also`: a status that is right here besides. */
  async attempt(work, also) {
    const { outcome } = this.#world;
    try {
      return await work();
    } catch (error) {
      const code = error instanceof SkuaError ? error.code : 'no status';
      outcome.failed[code] = (outcome.failed[code] ?? 0) + 1;
      if (!explained.has(code) && code !== also) this.problem(`${code}: ${error.stack ?? error.message}`);
      return undefined;
    }
  }

  /** Rows over the one or the other protocol, at once or prepared. */
  async rows(sql, parameters) {
    const way = this.random();
    const client = way < 0.3 ? await this.http() : await this.flight();
    if (way < 0.6) return await rowsOf(await client.execute(sql, { parameters }));
    const statement = await client.prepare(sql);
    const rows = [];
    for (let times = 1 + this.below(3); times > 0; times--) {
      rows.splice(0, rows.length, ...(await rowsOf(await statement.execute({ parameters }))));
    }
    // Some are left to the end of their session.
    if (this.random() < 0.7) await statement.close();
    return rows;
  }

  async check(sql, parameters, wanted) {
    this.judge(`${sql} of ${parameters}`, String(await this.rows(sql, parameters)), String(wanted));
  }

  judge(what, got, wanted) {
    this.#world.outcome.checked++;
    if (got !== wanted) this.problem(`${what}: ${got.slice(0, 200)} instead of ${wanted.slice(0, 200)}`);
  }

  problem(text) {
    const problem = `${this.name}, ${this.#number}: ${text}`;
    this.#world.outcome.problems.push(problem);
    this.#world.say?.(problem);
  }

  counted(kind) {
    const { done } = this.#world.outcome;
    done[kind] = (done[kind] ?? 0) + 1;
  }

  /** Closes the connections at once, whatever is under way there; the next work opens others. */
  drop() {
    this.#flight?.close();
    this.#flight = undefined;
    this.#http = undefined;
  }

  /** Every second session is ended, the others are left to their time. */
  async #leave() {
    if (this.random() < 0.5) {
      for (const client of [this.#flight, this.#http]) await client?.closeSession().catch(() => undefined);
    }
    this.drop();
  }
}

export async function rowsOf({ schema, batches }) {
  const rows = [];
  for await (const batch of batches) rows.push(...batchToRows(schema, batch));
  return rows;
}
