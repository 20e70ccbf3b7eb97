/** Ways to ask a statement for somebody who is restricted. Each gives `{ schema, rows }`. */
import { batchToRows, decodeSchema, decodeStream, IpcDecoder } from '../../../dist/arrow/index.js';
import { SkuaError } from '../../../dist/errors.js';
import { flightSql, packAny } from '../../../dist/flight/protocol.js';

let made = 0;

export const ways = { plain, prepared, http, polled, view, table };

function plain({ restricted }, sql) {
  return restricted.query(sql);
}

/** With one parameter that changes nothing. */
async function prepared({ restricted, reference }, sql) {
  const value = await reference.value("'x'");
  return restricted.query(`SELECT * FROM (${sql}) WHERE ? = 'x'`, [value]);
}

/** In the zone of a session that none was set in. */
async function http(fuzz, sql) {
  const { running, token, reference } = fuzz;
  if (reference.timeZone !== 'UTC') return plain(fuzz, sql);
  const answer = await fetch(`${running.httpUrl}/v1/statements`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/vnd.apache.arrow.stream',
      'content-type': 'application/sql',
    },
    body: sql,
  });
  if (!answer.ok) {
    const { code, detail } = await answer.json();
    throw new SkuaError(code, detail);
  }
  const { schema, batches } = decodeStream(new Uint8Array(await answer.arrayBuffer()));
  return { schema, rows: batches.flatMap((batch) => batchToRows(schema, batch)) };
}

async function polled({ restricted: { channel } }, sql) {
  const first = { type: 'CMD', cmd: packAny(flightSql.CommandStatementQuery, { query: sql }) };
  let poll = await channel.pollFlightInfo(first);
  while (poll.flight_descriptor) poll = await channel.pollFlightInfo(poll.flight_descriptor);
  const { info } = poll;
  const rows = [];
  for (const { ticket } of info.endpoint) {
    const decoder = new IpcDecoder();
    for await (const { header, body } of channel.doGet(ticket)) {
      if (header.byteLength === 0) continue;
      const batch = decoder.decode(header, body);
      if (batch) rows.push(...batchToRows(decoder.schema, batch));
    }
  }
  return { schema: decodeSchema(info.schema), rows };
}

/** A view that somebody else has made. */
async function view({ admin, restricted }, sql) {
  const name = `own.kept${made++}`;
  await admin.update(`CREATE VIEW ${name} AS ${sql}`);
  try {
    return await restricted.query(`SELECT * FROM ${name}`);
  } finally {
    await admin.update(`DROP VIEW ${name}`);
  }
}

async function table({ restricted }, sql) {
  const name = `own.kept${made++}`;
  await restricted.update(`CREATE TABLE ${name} TBLPROPERTIES ('format-version' = '3') AS ${sql}`);
  try {
    return await restricted.query(`SELECT * FROM ${name}`);
  } finally {
    await restricted.update(`DROP TABLE ${name} PURGE`);
  }
}
