/** What clients send over gRPC, harmed: each call ends with a status that says what is wrong with it, and the server serves the next. */
import { credentials, Metadata, makeGenericClientConstructor, status } from '@grpc/grpc-js';
import { Field, Float64, Int64, Schema, Utf8 } from 'apache-arrow';
import { encodeBatch, encodeSchemaMessage, rowsToBatch } from '../../dist/arrow/index.js';
import * as flight from '../../dist/flight/protocol.js';
import { harmBytes, pick } from './mutation.mjs';

const { flightSql: sql, packAny } = flight;

export const description = 'messages over gRPC, harmed: descriptors, tickets, actions, uploads';
export const usualCount = 100_000;

/** Statuses that say that the fault is the server's, or nobody's. */
const faults = new Set(['INTERNAL', 'UNKNOWN', 'UNAVAILABLE']);
const AT_A_TIME = 8;
const PATIENCE = 20_000;
/** The server is asked for something sound after so many. */
const BETWEEN_CHECKS = 200;

const same = (bytes) => bytes;
const RawClient = makeGenericClientConstructor(
  Object.fromEntries(
    Object.entries(flight.flightService).map(([name, method]) => [
      name,
      { ...method, requestSerialize: same, responseDeserialize: same },
    ]),
  ),
  'FlightService',
);

export async function run({ count, seed, randomFrom, server, log }) {
  const client = new RawClient(server.address.replace(/^grpc:\/\//, ''), credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await server.token('adminuser')}`);
  const checking = await server.client('adminuser');
  const sound = await soundMessages(client, metadata);
  const wrong = [];
  const statuses = new Map();
  let next = 0;
  const one = async (number) => {
    const random = randomFrom(`${seed} ${number}`);
    const { method, messages } = pick(random, sound);
    const harmed = messages.map((message) => (random() < 0.8 ? message(random) : message(() => 1)));
    const ended = await call(client, method, harmed, metadata);
    statuses.set(ended, (statuses.get(ended) ?? 0) + 1);
    if (faults.has(ended.split(':')[0])) wrong.push(`number ${number}, ${method}: ${ended}`);
  };
  const worker = async () => {
    while (next < count && wrong.length < 20) {
      const number = next++;
      await one(number);
      if (number % BETWEEN_CHECKS !== 0) continue;
      const [row] = await server.rows(checking, 'SELECT 42');
      if (Number(row) !== 42) wrong.push(`after number ${number} the server answers ${row}`);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  if (server.deaths() > 0) wrong.push(`${server.deaths()} engine processes ended`);
  const codes = new Map();
  for (const [ended, times] of statuses) {
    const code = ended.split(':')[0];
    codes.set(code, (codes.get(code) ?? 0) + times);
  }
  log([...codes].map(([code, times]) => `${code} ${times}`).join(', '));
  client.close();
  return wrong;
}

/** How the call ended: `OK`, or its status and sentence. */
function call(client, method, messages, metadata) {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      resolve(`INTERNAL: no answer within ${PATIENCE} ms`);
      stream.cancel();
    }, PATIENCE);
    const end = (error) => {
      clearTimeout(deadline);
      resolve(error ? `${status[error.code] ?? 'UNKNOWN'}: ${error.details}`.slice(0, 300) : 'OK');
    };
    const { requestStream, responseStream } = flight.flightService[method];
    let stream;
    if (!requestStream && !responseStream) {
      stream = client[method](messages[0], metadata, (error) => end(error));
      return;
    }
    stream = requestStream ? client[method](metadata) : client[method](messages[0], metadata);
    stream.on('error', end);
    stream.on('end', () => end());
    stream.on('data', () => undefined);
    if (!requestStream) return;
    for (const message of messages) stream.write(message);
    stream.end();
  });
}

/** Kinds of calls, each with its messages as functions of a source of chance; one that gives 1 leaves them sound. */
async function soundMessages(client, metadata) {
  const any = (codec, value) => ({ inner: packAny(codec, value) });
  const harm = (random, bytes) => (random() === 1 ? bytes : harmBytes(random, bytes));
  /** Harm within the command, or to the whole. */
  const wrapped = (command, wrap) => (random) => {
    if (random() === 1) return wrap(command);
    return random() < 0.7 ? wrap(harm(random, command)) : harm(random, wrap(command));
  };
  const descriptor = (cmd) => flight.FlightDescriptor.encode({ type: 'CMD', cmd, path: [] });
  const commands = [
    any(sql.CommandStatementQuery, { query: 'SELECT range AS id FROM range(10)' }),
    any(sql.CommandGetSqlInfo, { info: [0, 1, 500] }),
    any(sql.CommandGetXdbcTypeInfo, { data_type: 4 }),
    any(sql.CommandGetCatalogs, {}),
    any(sql.CommandGetDbSchemas, { catalog: 'quickstart', db_schema_filter_pattern: 'de%' }),
    any(sql.CommandGetTables, {
      catalog: 'quickstart',
      table_name_filter_pattern: '%',
      table_types: ['TABLE'],
      include_schema: true,
    }),
    any(sql.CommandGetTableTypes, {}),
    any(sql.CommandGetPrimaryKeys, { table: 'customers' }),
    any(sql.CommandGetCrossReference, { pk_table: 'a', fk_table: 'b' }),
  ].map(({ inner }) => inner);
  const info = await unary(client, 'GetFlightInfo', descriptor(commands[0]), metadata);
  const tickets = [flight.FlightInfo.decode(info).endpoint[0].ticket.ticket, ...commands];
  const action = (type) => (body) => flight.Action.encode({ type, body });
  const actions = [
    ['CreatePreparedStatement', packAny(sql.ActionCreatePreparedStatementRequest, { query: 'SELECT ?' })],
    [
      'ClosePreparedStatement',
      packAny(sql.ActionClosePreparedStatementRequest, { prepared_statement_handle: tickets[0] }),
    ],
    ['BeginTransaction', packAny(sql.ActionBeginTransactionRequest, {})],
    [
      'EndTransaction',
      packAny(sql.ActionEndTransactionRequest, { transaction_id: Buffer.from('x'), action: 'END_TRANSACTION_COMMIT' }),
    ],
    ['CancelFlightInfo', flight.CancelFlightInfoRequest.encode({ info: flight.FlightInfo.decode(info) })],
    [
      'RenewFlightEndpoint',
      flight.RenewFlightEndpointRequest.encode({ endpoint: flight.FlightInfo.decode(info).endpoint[0] }),
    ],
    [
      'SetSessionOptions',
      flight.SetSessionOptionsRequest.encode({ session_options: { schema: { string_value: 'demo' } } }),
    ],
    ['GetSessionOptions', flight.GetSessionOptionsRequest.encode({})],
  ];
  const schema = new Schema([
    new Field('id', new Int64()),
    new Field('name', new Utf8()),
    new Field('value', new Float64()),
  ]);
  const rows = Array.from({ length: 5 }, (_, id) => [BigInt(id), `name ${id}`, id / 2]);
  const ingest = packAny(sql.CommandStatementIngest, {
    table_definition_options: {
      if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE',
      if_exists: 'TABLE_EXISTS_OPTION_APPEND',
    },
    table: 'uploaded',
    temporary: true,
  });
  const update = packAny(sql.CommandStatementUpdate, { query: 'CREATE OR REPLACE TEMP TABLE made AS SELECT 1 AS one' });
  const head = (cmd) =>
    flight.encodeFlightData(flight.headerOnly(encodeSchemaMessage(schema), { type: 'CMD', cmd, path: [] }));
  const batch = flight.encodeFlightData(flight.batchMessage(encodeBatch(rowsToBatch(schema, rows))));
  const uploads = [ingest, update].map((command) => ({
    method: 'DoPut',
    messages: [wrapped(command, head), (random) => harm(random, batch)],
  }));
  return [
    ...commands.flatMap((command) =>
      ['GetFlightInfo', 'GetSchema', 'PollFlightInfo'].map((method) => ({
        method,
        messages: [wrapped(command, descriptor)],
      })),
    ),
    ...tickets.map((ticket) => ({
      method: 'DoGet',
      messages: [wrapped(ticket, (bytes) => flight.Ticket.encode({ ticket: bytes }))],
    })),
    ...actions.map(([type, body]) => ({ method: 'DoAction', messages: [wrapped(body, action(type))] })),
    ...uploads,
    ...uploads,
    ...uploads,
  ];
}

function unary(client, method, message, metadata) {
  return new Promise((resolve, reject) => {
    client[method](message, metadata, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}
