import { describe, expect, it } from 'vitest';
import {
  CancelFlightInfoResult,
  deserializeFlightData,
  encodeFlightData,
  FlightDescriptor,
  FlightInfo,
  flightSql,
  openAny,
  packAny,
  SetSessionOptionsRequest,
  serializeFlightData,
  unpackAny,
} from '../../src/flight/protocol.js';

const bytes = (text: string) => Buffer.from(text);

describe('protobuf messages', () => {
  it('know an optional field that was not sent from one that was sent empty', () => {
    const { CommandGetDbSchemas } = flightSql;
    expect(CommandGetDbSchemas.decode(CommandGetDbSchemas.encode({})).catalog ?? undefined).toBeUndefined();
    expect(CommandGetDbSchemas.decode(CommandGetDbSchemas.encode({ catalog: '' })).catalog).toBe('');
  });

  it('have their defaults and read enums by name', () => {
    const { CommandStatementIngest } = flightSql;
    const decoded = CommandStatementIngest.decode(
      CommandStatementIngest.encode({
        table: 't',
        table_definition_options: {
          if_not_exist: 'TABLE_NOT_EXIST_OPTION_CREATE',
          if_exists: 'TABLE_EXISTS_OPTION_APPEND',
        },
        options: { a: 'b' },
      }),
    );
    expect(decoded).toMatchObject({ table: 't', temporary: false, options: { a: 'b' } });
    expect(decoded.table_definition_options?.if_exists).toBe('TABLE_EXISTS_OPTION_APPEND');
    expect(decoded.schema ?? undefined).toBeUndefined();
    expect(CancelFlightInfoResult.decode(CancelFlightInfoResult.encode({})).status).toBe('CANCEL_STATUS_UNSPECIFIED');
  });

  it('keep 64-bit integers exact and say which session option value is set', () => {
    const { session_options } = SetSessionOptionsRequest.decode(
      SetSessionOptionsRequest.encode({
        session_options: {
          big: { int64_value: '9223372036854775807' },
          no: { bool_value: false },
          empty: { string_value: '' },
          list: { string_list_value: { values: ['a', 'b'] } },
          unset: {},
        },
      }),
    );
    expect(session_options.big?.int64_value).toBe('9223372036854775807');
    expect(session_options.no).toEqual({ bool_value: false });
    expect(session_options.empty).toEqual({ string_value: '' });
    expect(session_options.list?.string_list_value?.values).toEqual(['a', 'b']);
    expect(Object.values(session_options.unset ?? {}).some((value) => value !== null && value !== undefined)).toBe(
      false,
    );
  });

  it('travel in an Any by their type URL', () => {
    const packed = packAny(flightSql.CommandStatementQuery, { query: 'SELECT 1' });
    expect(openAny(packed).typeName).toBe('arrow.flight.protocol.sql.CommandStatementQuery');
    expect(unpackAny(flightSql.CommandStatementQuery, packed).query).toBe('SELECT 1');
    expect(() => unpackAny(flightSql.CommandStatementUpdate, packed)).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => openAny(bytes('not a message'))).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => FlightInfo.decode(Uint8Array.of(0xff))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('FlightData', () => {
  const message = {
    descriptor: { type: 'CMD', cmd: bytes('command') } as const,
    header: bytes('header'),
    appMetadata: bytes('metadata'),
    body: [bytes('twelve bytes'), new Uint8Array(0), bytes('x'.repeat(300))],
    bodyLength: 16 + 304,
  };

  it('is written with its body padded, and read back', () => {
    const decoded = deserializeFlightData(encodeFlightData(message));
    expect(FlightDescriptor.encode(decoded.descriptor ?? {})).toEqual(FlightDescriptor.encode(message.descriptor));
    expect(Buffer.from(decoded.header).toString()).toBe('header');
    expect(Buffer.from(decoded.appMetadata).toString()).toBe('metadata');
    expect(Buffer.from(decoded.body).toString()).toBe(`twelve bytes\0\0\0\0${'x'.repeat(300)}\0\0\0\0`);
  });

  it('gives grpc-js the same bytes that it gives as a Buffer', () => {
    const serialized = serializeFlightData(message);
    const target = Buffer.alloc(serialized.byteLength + 5, 0xaa);
    serialized.copy(target, 5);
    expect(target.subarray(5)).toEqual(encodeFlightData(message));
  });

  it('that is cut short is refused', () => {
    const whole = encodeFlightData(message);
    expect(() => deserializeFlightData(whole.subarray(0, whole.byteLength - 1))).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  it('with fields of a later version is read', () => {
    const later = Buffer.concat([Buffer.from([(9 << 3) | 0, 5, (10 << 3) | 5, 1, 2, 3, 4]), encodeFlightData(message)]);
    expect(Buffer.from(deserializeFlightData(later).header).toString()).toBe('header');
  });
});
