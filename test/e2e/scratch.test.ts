import { afterAll, beforeAll, expect, it } from 'vitest';
import { craftTable, field, byId } from './support/crafted-table.js';
import { rowsAsText, startTestServer, type TestServer } from './support/server.js';
import { reannotated, writtenFile, withStatistics } from '../parquet/edited.js';
let server: TestServer; let client: any;
beforeAll(async () => { server = await startTestServer(); client = await server.client('adminuser'); });
afterAll(() => server?.stop());
it('w4', async () => {
  const bytes = await writtenFile(`SELECT * FROM (VALUES (1,'Müller', ['Müller']), (2,'a\\b', ['a\\b'])) t(id,s,l)`, 'FIELD_IDS {id:1,s:2,l:{__duckdb_field_id:3, element:4}}');
  const file = reannotated(bytes, { 2: { kind: 'none' }, 5: { kind: 'none' } });
  await craftTable(server, 'plain', { fields: [field(1,'id','int'), field(2,'s','string'), field(3,'l',{type:'list','element-id':4,'element-required':false,element:'string'})], data: [[{ bytes: file, entry: { recordCount: 2 } }]] });
  console.log(await rowsAsText(client, 'SELECT * FROM demo.plain'));
  console.log(await rowsAsText(client, "SELECT * FROM demo.plain WHERE s = 'Müller'"));
  console.log(await client.executeUpdate("UPDATE demo.plain SET id = id + 1"));
  console.log(await rowsAsText(client, 'SELECT * FROM demo.plain'));
});
it('w5', async () => {
  const bytes = await writtenFile(`SELECT * FROM (VALUES ('a'), ('é')) t(s)`, 'FIELD_IDS {s:1}');
  const file = withStatistics(bytes, {0: {1: Buffer.from('a'), 2: Buffer.from('é'), 3: 0}});
  await craftTable(server, 'old', { fields: [field(1,'s','string')], data: [[{ bytes: file, entry: { recordCount: 2 } }]] });
  console.log(await rowsAsText(client, "SELECT * FROM demo.old WHERE s < 'z'"));
  console.log(await rowsAsText(client, "SELECT * FROM demo.old WHERE s = 'é'"));
  console.log(await rowsAsText(client, "SELECT min(s), max(s) FROM demo.old"));
});
