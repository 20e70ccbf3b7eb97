import { describe, expect, it } from 'vitest';
import { BrokenEngineError, engineError } from '../../../../src/engine/duckdb/process/native/errors.js';

const said = (exception_type: string, exception_message: string) =>
  engineError(JSON.stringify({ exception_type, exception_message }));

describe('an error of the engine', () => {
  it.each([
    ['INTERNAL', 'Attempted to access index 3 within vector of size 2'],
    ['Not implemented', 'Enum value: unrecognized enum value "165" for enum "PhysicalType"'],
    ['', 'vector::_M_default_append'],
  ])('that only a damaged engine makes ends its process: %s, %s', (type, message) => {
    expect(said(type, message)).toBeInstanceOf(BrokenEngineError);
    expect(said(type, message)).toMatchObject({ code: 'INTERNAL' });
  });

  it.each([
    ['Not implemented', 'Non-inner join is not supported', 'UNIMPLEMENTED'],
    ['Conversion', "Could not convert string 'x' to INT32", 'INVALID_ARGUMENT'],
    ['Out of Memory', 'could not allocate block', 'RESOURCE_EXHAUSTED'],
  ])('of the statement leaves it as it is: %s, %s', (type, message, code) => {
    expect(said(type, message)).not.toBeInstanceOf(BrokenEngineError);
    expect(said(type, message)).toMatchObject({ code });
  });
});
