/**
 * Random restrictions of random tables: whoever is held to them sees the rows and values that the specification leaves, as they are computed here from all of
 * them, and every query has the answer that it has on a plain table of just these. Restrictions that can't be followed are refused.
 */
import { rmSync } from 'node:fs';
import { rowsProblem } from './policies/compare.mjs';
import { impossibleRestrictions, isReadable, randomRestrictions, seen } from './policies/restrictions.mjs';
import { fieldsAt } from './policies/schema.mjs';
import { isWritable, twinSql } from './policies/twin.mjs';
import { rowOf, rowTexts } from './policies/values.mjs';
import { ways } from './policies/ways.mjs';
import { difference } from './sql/compare.mjs';
import { ForeignWriter } from './sql/foreign.mjs';
import { queryText, randomQuery } from './sql/queries.mjs';
import { Random } from './sql/random.mjs';
import { openReferences } from './sql/reference.mjs';
import { forReference, forServer } from './sql/render.mjs';
import { shrunk } from './sql/shrink.mjs';
import { ServerSide } from './sql/sides.mjs';
import { RandomTable } from './sql/table.mjs';

/** Loads the engine, which must be done before the server shares memory with its processes. */
export const prepare = () => openReferences(1);
export const description = 'random row filters and column masks of random tables, compared with what they leave';
export const usualCount = 300;

const user = 'testuser';
/** How the catalog plans scans; it is chosen anew for each policy. */
const planning = {};
export const server = {
  restrictedUser: user,
  catalog: {
    planning,
    namespaces: [['demo'], ['own']],
    grants: Object.fromEntries(
      ['catalog_admin', 'data_writer', 'table_reader'].map((role) => [role, ['CATALOG_MANAGE_CONTENT']]),
    ),
  },
  // Small portions, so that small tables have several.
  settings: '[storage]\nportion_size = 1024',
};

const policiesPerTable = 8;
const queriesPerPolicy = 6;
/** Rows of which a plain table is made. */
const mostRows = 400;
const zones = ['UTC', 'UTC', 'Asia/Kolkata', 'America/New_York', 'Australia/Lord_Howe'];

export async function run({ count, seed: given, randomFrom, server: running, log, prepared }) {
  // `seed@5` begins with the table of round 5.
  const [, seed, first = '0'] = /^(.*?)(?:@(\d+))?$/.exec(given);
  const {
    connection,
    references: [reference],
    close,
  } = prepared;
  const admin = new ServerSide(running.address, await running.token('adminuser'));
  const token = await running.token(user);
  const restricted = new ServerSide(running.address, token);
  const catalog = { uri: running.catalogUri, token: () => running.token('adminuser') };
  const foreign = new ForeignWriter({ connection, reference, catalog, storage: running.storage });
  const versionOf = async (name) => {
    const { rows } = await admin.query(`SELECT snapshot_id FROM demo."${name}$refs" WHERE name = 'main'`);
    return rows[0]?.[0];
  };
  const fuzz = new PolicyFuzz({ admin, restricted, reference, catalog, token, running, seed, log });
  for (let round = Number(first); fuzz.done < count && fuzz.wrong.length < 20; round++) {
    const random = new Random(randomFrom(`${seed}.${round}`));
    const table = new RandomTable(random, `p${round}`, { server: admin, reference, foreign, versionOf });
    await fuzz.ofTable(table, round);
    await admin.update(`DROP TABLE IF EXISTS demo.${table.name} PURGE`).catch(() => undefined);
    for (const name of [table.name, ...table.versions.map((_, index) => `${table.name}_v${index}`)]) {
      await reference.update(`DROP TABLE IF EXISTS demo.${name}`);
    }
  }
  admin.close();
  restricted.close();
  rmSync(foreign.folder, { recursive: true, force: true });
  await close();
  log(`${fuzz.done} policies; ${[...fuzz.outcomes].map(([outcome, times]) => `${outcome} ${times}`).join(', ')}`);
  return fuzz.wrong;
}

class PolicyFuzz {
  done = 0;
  wrong = [];
  outcomes = new Map();

  constructor(options) {
    Object.assign(this, options);
  }

  async ofTable(table, round) {
    const { random } = table;
    this.round = round;
    this.table = table;
    await this.#inZone('UTC');
    try {
      await table.create();
      this.metadata = await this.#metadata(table.name);
    } catch (error) {
      // The tables are tried by another target.
      this.#count(`no table: ${error.code ?? error.message}`);
      return;
    }
    const states = [{ mark: table.mark, columns: table.columns, name: `demo.${table.name}` }];
    for (const [index, { mark, columns }] of table.versions.entries()) {
      const [, snapshot] = mark.split(':');
      states.push({
        mark: `⟪${table.name}@${mark}⟫`,
        columns,
        snapshot,
        name: `demo.${table.name}_v${index}`,
        version: table.versions[index],
      });
    }
    for (const state of states) {
      state.fields = fieldsAt(this.metadata, state.snapshot);
      const { rows } = await this.admin.query(forServer(`SELECT * FROM ${state.mark}`));
      state.rows = rows.map((row) => rowOf(state.fields, row));
    }
    for (let left = policiesPerTable; left > 0 && this.wrong.length < 20; left--) {
      this.done++;
      await this.#underOne(random, states);
    }
    this.running.relay.restrictions.clear();
  }

  async #underOne(random, states) {
    const [{ fields, rows }] = states;
    this.fields = fields;
    const asked = { metadata: this.metadata, fields, rows };
    if (random.chance(0.2)) {
      await this.#refused(random, impossibleRestrictions(random, asked));
      return;
    }
    const policy = randomRestrictions(random, asked);
    this.running.relay.restrictions.set(this.table.name, policy.json);
    this.policy = policy.json;
    this.running.relay.planned = random.chance(0.25);
    Object.assign(planning, {
      delay: random.pick([0, 0, 150]),
      pageSize: this.table.isBig ? 1000 : random.pick([1, 2, 1000]),
      signed: random.chance(0.4),
    });
    const readable = [];
    for (const state of states) if (await this.#state(random, policy, state)) readable.push(state);
    await this.#changes(random, policy, states);
    if (readable[0] === states[0]) await this.#queries(random, policy, readable);
    await this.#inZone('UTC');
  }

  async #refused(random, json) {
    this.running.relay.restrictions.set(this.table.name, json);
    const statement = forServer(`SELECT ${random.pick(['*', 'count(*)', '1'])} FROM ${this.table.mark}`);
    const error = await this.restricted.query(statement).then(
      () => ({ message: 'answered' }),
      (failure) => failure,
    );
    this.#count('refused');
    const odd = error.code === 'PERMISSION_DENIED' ? undefined : `not refused (${error.code}: ${error.message})`;
    if (odd) this.#tell(odd, statement, json);
  }

  /** All rows of one state; true where it can be read. */
  async #state(random, policy, state) {
    const statement = forServer(`SELECT * FROM ${state.mark}`);
    const readable = isReadable(policy, this.fields, state.fields);
    if (readable === undefined) return false;
    const wanted = readable ? seen(policy, state.fields, state.rows) : 'refused';
    const way = random.pick(Object.keys(ways));
    const found = await ways[way](this, statement).catch((error) => ({ error }));
    this.#count(`rows, ${way}`);
    const problem = rowsProblem(state.fields, found, wanted);
    if (problem) this.#tell(`${problem}, by way of ${way}`, statement);
    state.seen = Array.isArray(wanted) ? wanted : undefined;
    return !problem && state.seen !== undefined;
  }

  /** Added rows and changes between two states, in both images. */
  async #changes(random, policy, [, ...versions]) {
    if (versions.length < 1 || policy.json.includes('query-local') || !random.chance(0.5)) return;
    const [from] = versions;
    const name = `demo.${this.table.name}`;
    const range = `FOR VERSION FROM ${from.snapshot} TO ${String(this.metadata['current-snapshot-id'])}`;
    const fields = fieldsAt(this.metadata, undefined);
    for (const source of [`demo."${this.table.name}$changes" ${range}`, `${name} ${range}`]) {
      const names = fields.map((field) => `"${field.name.replaceAll('"', '""')}"`).join(', ');
      const isChange = source.includes('$changes');
      const statement = `SELECT ${names}${isChange ? ', _change_type' : ''} FROM ${source}`;
      const all = await this.admin.query(statement).catch((error) => ({ error }));
      if (all.error) continue;
      const shown = isChange ? [...fields, { id: -1, name: '_change_type', type: { kind: 'string' } }] : fields;
      const rows = all.rows.map((row) => rowOf(shown, row));
      const left = seen(policy, shown, rows);
      const wanted = isChange ? left && netOf(shown, left) : left;
      const found = await this.restricted.query(statement).catch((error) => ({ error }));
      this.#count(isChange ? 'changes' : 'additions');
      const problem = rowsProblem(shown, found, wanted);
      if (problem) this.#tell(problem, statement);
    }
  }

  /** Random SQL over what is seen, beside plain tables that hold nothing else. */
  async #queries(random, policy, states) {
    const isPlain = ({ fields, seen: rows }) =>
      rows.length <= mostRows && fields.every(({ type }) => isWritable(type)) && !policy.json.includes('query-local');
    // The number of a row is what queries sort by, where there is more than one order.
    const [id] = states.map(({ fields }) => policy.masks.get(fields.find(({ name }) => name === 'id').id));
    if (id !== undefined && id !== 'sha-256-global') return;
    if (!states.every(isPlain)) return;
    const { reference, table } = this;
    await this.#inZone('UTC');
    for (const { name, columns, fields, seen: rows } of states) {
      await reference.update(`CREATE OR REPLACE TABLE ${name}_all AS FROM ${name}`);
      for (const sql of twinSql(name, columns, fields, rows)) await reference.update(sql);
    }
    const readable = {
      name: table.name,
      columns: table.columns,
      versions: states.flatMap(({ version }) => version ?? []),
      isBig: table.isBig,
    };
    for (let left = queriesPerPolicy; left > 0; left--) {
      await this.#inZone(random.pick(zones));
      const query = randomQuery(random, [readable]);
      const way = random.pick(Object.keys(ways));
      const asked = random.chance(0.15) && query.where.length > 0 ? { ...query, unprunable: true } : query;
      const problem = await this.#problem(asked, way, true);
      if (problem === undefined) continue;
      const small = await shrunk(asked, async (candidate) => (await this.#problem(candidate, way)) !== undefined);
      this.#tell(`${(await this.#problem(small, way)) ?? problem}, by way of ${way}`, forServer(queryText(small)));
    }
    await this.#inZone('UTC');
    for (const { name } of states) {
      await reference.update(`CREATE OR REPLACE TABLE ${name} AS FROM ${name}_all`);
      await reference.update(`DROP TABLE ${name}_all`);
    }
  }

  async #problem(query, way, isCounted = false) {
    const text = queryText(query);
    const [found, wanted] = await Promise.all([
      ways[way](this, forServer(text)).catch((error) => ({ error })),
      this.reference.query(forReference(text)).catch((error) => ({ error })),
    ]);
    if (isCounted) this.#count(found.error ? found.error.code : `query, ${way}`);
    if (found.error?.code === 'UNIMPLEMENTED' || wanted.error?.code === 'UNIMPLEMENTED') return undefined;
    if (found.error && wanted.error) return found.error.code === 'INTERNAL' ? found.error.message : undefined;
    // The engine can't plan LIKE with a beginning that ends in the last character, unless it knows that the table has no rows.
    if (found.error && /Invalid unicode/.test(found.error.message)) return undefined;
    if (way === 'table' && found.error?.code === 'INVALID_ARGUMENT') return undefined;
    if (found.error) return `${found.error.code}: ${found.error.message}`;
    if (wanted.error) return `answered, where the reference says: ${wanted.error.message}`;
    return difference(found, wanted, { ordered: query.isTotal && Boolean(query.order) && way !== 'table' });
  }

  async #inZone(zone) {
    if (zone === this.reference.timeZone) return;
    await this.restricted.update(`SET TimeZone = '${zone}'`);
    this.reference.timeZone = zone;
  }

  async #metadata(name) {
    const { uri, token } = this.catalog;
    const answer = await fetch(`${uri}/v1/quickstart/namespaces/demo/tables/${name}`, {
      headers: { authorization: `Bearer ${await token()}` },
    });
    const text = await answer.text();
    // Ids of snapshots have more digits than a number keeps.
    return JSON.parse(text.replaceAll(/:\s*(\d{16,})/g, ':"$1"')).metadata;
  }

  #count(outcome) {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  #tell(problem, statement, policy = this.policy) {
    const told = [
      problem,
      `  in: ${statement}`,
      `  under: ${policy}${this.running.relay.planned ? `, planned by the catalog (${JSON.stringify(planning)})` : ''}, in ${this.reference.timeZone}`,
      `  again: npm run fuzz -- policies ${policiesPerTable} ${this.seed}@${this.round}, after:`,
      ...this.table.steps.map((step) => `    ${step};`),
    ];
    this.wrong.push(told.join('\n'));
    this.log(`${this.done}: ${told.slice(0, 3).join('\n')}`);
  }
}

/** Changes without those that undo each other: what is masked may be all that has changed. */
function netOf(fields, rows) {
  const counts = new Map();
  for (const row of rows) {
    const values = row.slice(0, -1);
    const [text] = rowTexts(fields.slice(0, -1), [values]);
    const { count } = counts.get(text) ?? { count: 0 };
    counts.set(text, { values, count: count + (row.at(-1) === 'INSERT' ? 1 : -1) });
  }
  return [...counts.values()].flatMap(({ values, count }) =>
    Array.from({ length: Math.abs(count) }, () => [...values, count > 0 ? 'INSERT' : 'DELETE']),
  );
}
