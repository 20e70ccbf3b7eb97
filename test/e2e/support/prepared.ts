/** Prepared statements as a Flight SQL driver runs them, with what is on the wire at each step. */
import type { Schema } from 'apache-arrow';
import { decodeSchema } from '../../../src/arrow/index.js';
import { flightSql, packAny, unpackAny } from '../../../src/flight/protocol.js';
import { TestClient, ticketOf } from '../../flight/client.js';
import type { TestServer } from './server.js';

const { CommandPreparedStatementQuery, CommandPreparedStatementUpdate } = flightSql;

export interface Bound {
  schema: Schema;
  /** One DoPut batch. */
  rows: unknown[][];
}

export interface Ran {
  /** As FlightInfo announces it, and as DoGet has it. */
  planned: Schema;
  schema: Schema;
  rows: unknown[][];
}

export class Driver {
  private constructor(private readonly client: TestClient) {}

  static async connect(server: TestServer, user = 'adminuser'): Promise<Driver> {
    const port = Number(server.server.address.split(':').at(-1));
    return new Driver(new TestClient(port, await server.token(user)));
  }

  async prepare(query: string) {
    const [body] = await this.client.action(
      'CreatePreparedStatement',
      packAny(flightSql.ActionCreatePreparedStatementRequest, { query }),
    );
    const answer = unpackAny(flightSql.ActionCreatePreparedStatementResult, body as Uint8Array);
    return {
      handle: answer.prepared_statement_handle,
      parameters: decodeSchema(answer.parameter_schema),
      dataset: answer.dataset_schema.byteLength > 0 ? decodeSchema(answer.dataset_schema) : undefined,
    };
  }

  /** Binds, plans and fetches with a handle; the bind may answer another one. */
  async run(handle: Uint8Array, bound?: Bound): Promise<Ran> {
    const info = await this.client.info(CommandPreparedStatementQuery, {
      prepared_statement_handle: bound ? await this.bind(handle, bound) : handle,
    });
    return { planned: decodeSchema(info.schema), ...(await this.client.fetch(ticketOf(info))) };
  }

  async bind(handle: Uint8Array, { schema, rows }: Bound): Promise<Uint8Array> {
    const reference = { prepared_statement_handle: handle };
    const answer = await this.client.send(CommandPreparedStatementQuery, reference, schema, [rows]);
    return flightSql.DoPutPreparedStatementResult.decode(answer).prepared_statement_handle ?? handle;
  }

  /** The affected rows. */
  async update(handle: Uint8Array, { schema, rows }: Bound): Promise<number> {
    const reference = { prepared_statement_handle: handle };
    const answer = await this.client.send(CommandPreparedStatementUpdate, reference, schema, [rows]);
    return Number(flightSql.DoPutUpdateResult.decode(answer).record_count);
  }

  async query(sql: string, bound?: Bound): Promise<Ran> {
    return this.run((await this.prepare(sql)).handle, bound);
  }

  close(): void {
    this.client.close();
  }
}
