/** The two sides that must agree: tables behind a server, and the same rows in plain tables of an engine process of their own. */
import { Field, Schema } from 'apache-arrow';
import {
  batchToRows,
  decodeSchema,
  encodeBatch,
  encodeSchemaMessage,
  IpcDecoder,
  rowsToBatch,
} from '../../../dist/arrow/index.js';
import { Channel } from '../../../dist/client/flight/channel.js';
import { CookieJar } from '../../../dist/client/flight/cookies.js';
import { batchMessage, flightSql, headerOnly, packAny, unpackAny } from '../../../dist/flight/protocol.js';

const { CommandPreparedStatementQuery, CommandPreparedStatementUpdate, CommandStatementQuery, CommandStatementUpdate } =
  flightSql;
const nothing = new Uint8Array(0);

/** A Flight SQL client that shows the schema of each step, and binds parameters. */
export class ServerSide {
  constructor(address, token) {
    this.channel = new Channel(address, { token }, new CookieJar(true));
  }

  /** `parameters`: one `{ field, value }` for each. */
  async query(sql, parameters = []) {
    if (parameters.length === 0) return this.#fetch(CommandStatementQuery, { query: sql });
    const [answer] = await this.queryEach(sql, [parameters]);
    if (answer.error) throw answer.error;
    return answer;
  }

  /** One prepared statement with each set of parameters after another: an answer for each, or `{ error }`. */
  async queryEach(sql, sets) {
    const handle = await this.#prepared(sql);
    const answers = [];
    for (const parameters of sets) {
      answers.push(await this.#queryBound(handle, parameters).catch((error) => ({ error })));
    }
    this.#close(handle);
    return answers;
  }

  async #queryBound(handle, parameters) {
    if (parameters.length === 0)
      return this.#fetch(CommandPreparedStatementQuery, { prepared_statement_handle: handle });
    const bound = await this.#bind(CommandPreparedStatementQuery, handle, parameters);
    const reference = flightSql.DoPutPreparedStatementResult.decode(bound).prepared_statement_handle ?? handle;
    return this.#fetch(CommandPreparedStatementQuery, { prepared_statement_handle: reference });
  }

  /** The affected rows. */
  async update(sql, parameters = []) {
    if (parameters.length > 0) {
      const handle = await this.#prepared(sql);
      try {
        return countIn(await this.#bind(CommandPreparedStatementUpdate, handle, parameters));
      } finally {
        this.#close(handle);
      }
    }
    const descriptor = { type: 'CMD', cmd: packAny(CommandStatementUpdate, { query: sql }) };
    let count;
    for await (const metadata of this.channel.doPut([headerOnly(nothing, descriptor)])) count ??= countIn(metadata);
    return count ?? -1;
  }

  close() {
    this.channel.close();
  }

  async #prepared(query) {
    const body = packAny(flightSql.ActionCreatePreparedStatementRequest, { query });
    const decode = (bytes) => unpackAny(flightSql.ActionCreatePreparedStatementResult, bytes);
    const answer = await this.channel.doAction('CreatePreparedStatement', body, { decode });
    return answer.prepared_statement_handle;
  }

  /** Nothing waits for it. */
  #close(handle) {
    const body = packAny(flightSql.ActionClosePreparedStatementRequest, { prepared_statement_handle: handle });
    this.channel.doAction('ClosePreparedStatement', body, { decode: () => undefined }).catch(() => undefined);
  }

  async #bind(command, handle, parameters) {
    const schema = new Schema(
      parameters.map(({ field }, index) => new Field(String(index + 1), field.type, true, field.metadata)),
    );
    const descriptor = { type: 'CMD', cmd: packAny(command, { prepared_statement_handle: handle }) };
    const batch = rowsToBatch(schema, [parameters.map(({ value }) => value)]);
    const messages = [headerOnly(encodeSchemaMessage(schema), descriptor), batchMessage(encodeBatch(batch))];
    let answer = nothing;
    for await (const metadata of this.channel.doPut(messages)) answer = metadata;
    return answer;
  }

  async #fetch(command, message) {
    const info = await this.channel.getFlightInfo({ type: 'CMD', cmd: packAny(command, message) });
    const planned = decodeSchema(info.schema);
    const rows = [];
    let schema;
    for (const { ticket } of info.endpoint) {
      const decoder = new IpcDecoder();
      for await (const { header, body } of this.channel.doGet(ticket)) {
        if (header.byteLength === 0) continue;
        const batch = decoder.decode(header, body);
        if (batch) rows.push(...batchToRows(decoder.schema, batch));
      }
      schema ??= decoder.schema;
    }
    return { planned, schema: schema ?? planned, rows };
  }
}

const countIn = (metadata) => Number(flightSql.DoPutUpdateResult.decode(metadata).record_count);

/** A session in UTC, and another one whose time zone changes. */
export class Sessions {
  /** Of the session in `in`; undefined before its first use. */
  zone;

  /** @param {() => ServerSide} open */
  constructor(open) {
    this.usual = open();
    this.other = open();
  }

  async in(zone) {
    if (zone !== this.zone) await this.other.update(`SET TimeZone = '${zone}'`);
    this.zone = zone;
    return this.other;
  }

  close() {
    this.usual.close();
    this.other.close();
  }
}

/** Plain tables; `instance` is of an engine that nobody else uses. */
export class ReferenceSide {
  /** Of the session that it stands for. */
  timeZone = 'UTC';
  #values = new Map();

  constructor(instance) {
    this.instance = instance;
  }

  async query(sql) {
    const instance = this.timeZone === 'UTC' ? this.instance : this.instance.forStatement({ timeZone: this.timeZone });
    const { schema, batches } = await instance.run(sql, [], {
      signal: new AbortController().signal,
      batchBytes: 1 << 20,
    });
    const rows = [];
    for await (const batch of batches) rows.push(...batchToRows(schema, batch));
    return { schema, rows };
  }

  /** The affected rows. */
  async update(sql) {
    const { rows } = await this.query(sql);
    return Number(rows[0]?.[0] ?? 0);
  }

  /** What an SQL literal is, as a parameter. */
  async value(sql) {
    const [value] = await this.values([sql]);
    return value;
  }

  /** What SQL literals are, as parameters. */
  async values(literals) {
    const keyOf = (sql) => `${this.timeZone} ${sql}`;
    const unknown = [...new Set(literals)].filter((sql) => !this.#values.has(keyOf(sql)));
    if (unknown.length > 0) {
      const { schema, rows } = await this.query(`SELECT ${unknown.join(', ')}`);
      for (const [index, sql] of unknown.entries()) {
        this.#values.set(keyOf(sql), { field: schema.fields[index], value: rows[0][index] });
      }
    }
    return literals.map((sql) => this.#values.get(keyOf(sql)));
  }
}
