import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSchema } from '../../src/arrow/index.js';
import {
  CloseSessionRequest,
  CloseSessionResult,
  flightSql,
  GetSessionOptionsRequest,
  GetSessionOptionsResult,
  type SessionOptionValue,
  SetSessionOptionsRequest,
  SetSessionOptionsResult,
} from '../../src/flight/protocol.js';
import { SESSION_COOKIE } from '../../src/session/index.js';
import { TestClient } from './client.js';
import { type Fixture, startFixture } from './fake.js';

let fixture: Fixture;
let client: TestClient;

beforeEach(async () => {
  fixture = await startFixture();
  client = new TestClient(fixture.port, 'alice.is.good');
});

afterEach(async () => {
  client.close();
  await fixture.stop();
});

describe('metadata', () => {
  it('lists catalogs, schemas, tables and table types in order', async () => {
    expect((await client.query(flightSql.CommandGetCatalogs, {})).rows).toEqual([['archive'], ['lake']]);
    expect((await client.query(flightSql.CommandGetDbSchemas, { catalog: 'lake' })).rows).toEqual([['lake', 'demo']]);
    expect((await client.query(flightSql.CommandGetTables, { table_types: ['VIEW'] })).rows).toEqual([
      ['lake', 'demo', 'a_view', 'VIEW'],
    ]);
    expect((await client.query(flightSql.CommandGetTableTypes, {})).rows).toEqual([['TABLE'], ['VIEW']]);
  });

  it('has the schema of each table where it is wanted', async () => {
    const { schema, rows } = await client.query(flightSql.CommandGetTables, { include_schema: true });
    expect(schema.names.at(-1)).toBe('table_schema');
    expect(decodeSchema(rows[1]?.at(-1) as Uint8Array).names).toEqual(['n', 'text']);
  });

  it('has the schema of keys also where there are none', async () => {
    const keys = await client.query(flightSql.CommandGetPrimaryKeys, { table: 'numbers' });
    expect(keys.rows).toEqual([['lake', 'demo', 'numbers', 'n', 1, null]]);
    for (const command of [flightSql.CommandGetExportedKeys, flightSql.CommandGetImportedKeys]) {
      const { schema, rows } = await client.query(command, { table: 'numbers' });
      expect([schema.fields.length, rows]).toEqual([13, []]);
    }
    const cross = await client.query(flightSql.CommandGetCrossReference, { pk_table: 'a', fk_table: 'b' });
    expect([cross.schema.names[0], cross.rows]).toEqual(['pk_catalog_name', []]);
  });

  it('has every SqlInfo code, and those alone that are asked for', async () => {
    const { rows } = await client.query(flightSql.CommandGetSqlInfo, {});
    const info = new Map(rows.map(([code, value]) => [code as number, value]));
    const codes = [...range(0, 11), 100, 101, ...range(500, 576)];
    expect([...info.keys()].sort((a, b) => a - b)).toEqual(codes);
    expect([...info.values()].every((value) => value !== null)).toBe(true);
    expect(info.get(3)).toBe(false);
    expect(info.get(526)).toBe(1);
    const some = await client.query(flightSql.CommandGetSqlInfo, { info: [0, 8, 99999] });
    expect(some.rows).toEqual([
      [0, 'Skua'],
      [8, 1],
    ]);
  });

  it('has every type by number, or one of them', async () => {
    const { rows } = await client.query(flightSql.CommandGetXdbcTypeInfo, {});
    const numbers = rows.map((row) => row[1] as number);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    const dates = await client.query(flightSql.CommandGetXdbcTypeInfo, { data_type: 91 });
    expect(dates.rows.map(([name]) => name)).toEqual(['DATE']);
    expect((await client.query(flightSql.CommandGetXdbcTypeInfo, { data_type: 0 })).rows.length).toBeGreaterThan(0);
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('session options', () => {
  const set = async (options: Record<string, SessionOptionValue>, by = client) => {
    const [body] = await by.action('SetSessionOptions', SetSessionOptionsRequest.encode({ session_options: options }));
    return SetSessionOptionsResult.decode(body as Uint8Array).errors;
  };
  const get = async (by = client) => {
    const [body] = await by.action('GetSessionOptions', GetSessionOptionsRequest.encode({}));
    return GetSessionOptionsResult.decode(body as Uint8Array).session_options;
  };
  const close = async (by = client) => {
    const [body] = await by.action('CloseSession', CloseSessionRequest.encode({}));
    return CloseSessionResult.decode(body as Uint8Array).status;
  };

  /** A client that keeps the session cookie. */
  async function withCookie(): Promise<TestClient> {
    const kept = new TestClient(fixture.port, 'alice.is.good');
    const stream = kept.stream('ListActions', {});
    stream.on('metadata', ((metadata: { get(name: string): string[] }) => {
      const [cookie] = metadata.get('set-cookie');
      expect(cookie).toContain(SESSION_COOKIE);
      kept.metadata.set('cookie', cookie as string);
    }) as (value: never) => void);
    for await (const _ of stream);
    return kept;
  }

  it('choose catalog and schema for the calls that follow', async () => {
    expect(await get()).toEqual({});
    expect(await set({ schema: { string_value: 'demo' }, catalog: { string_value: 'lake' } })).toEqual({});
    expect(await get()).toEqual({ catalog: { string_value: 'lake' }, schema: { string_value: 'demo' } });
    expect(await set({ schema: {} })).toEqual({});
    expect(await set({ catalog: {} })).toEqual({});
    expect(await get()).toEqual({});
  });

  it('that are unknown or have no such value are refused by name', async () => {
    const errors = await set({
      catalog: { bool_value: true },
      schema: { int64_value: '1' },
      colour: { string_value: 'blue' },
    });
    expect(errors).toEqual({
      catalog: { value: 'INVALID_VALUE' },
      schema: { value: 'INVALID_VALUE' },
      colour: { value: 'INVALID_NAME' },
    });
  });

  it('that name no catalog or schema fail the call, and choose nothing', async () => {
    await set({ catalog: { string_value: 'lake' }, schema: { string_value: 'demo' } });
    for (const [options, said] of [
      [{ catalog: { string_value: 'nowhere' } }, 'Catalog does not exist: nowhere'],
      [{ schema: { string_value: 'nowhere' } }, 'Schema does not exist: lake.nowhere'],
      [{ schema: { string_list_value: { values: ['no', 'where'] } } }, 'Schema does not exist: lake.no.where'],
      [{ catalog: { string_value: 'archive' }, schema: { string_value: 'nowhere' } }, 'archive.nowhere'],
    ] as [Record<string, SessionOptionValue>, string][]) {
      await expect(set(options)).rejects.toMatchObject({
        code: status.NOT_FOUND,
        details: expect.stringContaining(said),
      });
    }
    expect(await get()).toEqual({ catalog: { string_value: 'lake' }, schema: { string_value: 'demo' } });
  });

  it('are those of the cookie, and gone when its session is closed', async () => {
    const [one, two] = [await withCookie(), await withCookie()];
    await set({ catalog: { string_value: 'lake' } }, one);
    expect(await get(one)).toEqual({ catalog: { string_value: 'lake' } });
    expect(await get(two)).toEqual({});
    expect(await get()).toEqual({});
    expect(await close(one)).toBe('CLOSED');
    expect(await get(one)).toEqual({});
    expect(await close()).toBe('NOT_CLOSEABLE');
    for (const each of [one, two]) each.close();
  });
});
