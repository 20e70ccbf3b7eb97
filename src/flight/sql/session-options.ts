/** The session actions: options by name, of which `catalog` and `schema` are the current names. */
import { SkuaError } from '../../errors.js';
import type { StatementService } from '../../query/contract.js';
import { namespaceOf, schemaName } from '../../query/index.js';
import type { FlightCall } from '../flight-call.js';
import type { SessionOptionValue, SetSessionOptionsError } from '../messages.js';
import type { FlightSql } from './flight-sql.js';

type SessionActions = Pick<FlightSql, 'setSessionOptions' | 'getSessionOptions' | 'closeSession'>;

export function sessionActions({ metadata }: Pick<StatementService, 'metadata'>): SessionActions {
  /** An unset value chooses nothing. A name that the caller can't see: NOT_FOUND. Undefined for what is no name. */
  async function withCatalog(call: FlightCall, names: Names, value: SessionOptionValue): Promise<Names | undefined> {
    if (isUnset(value) || value.string_value === '') return { catalog: undefined, schema: undefined };
    if (typeof value.string_value !== 'string') return undefined;
    const catalog = value.string_value;
    if (!(await metadata.catalogs(call)).includes(catalog)) throw absent('Catalog', catalog);
    return { catalog, schema: names.catalog === catalog ? names.schema : undefined };
  }

  async function withSchema(call: FlightCall, names: Names, value: SessionOptionValue): Promise<Names | undefined> {
    if (isUnset(value) || value.string_value === '') return { ...names, schema: undefined };
    const path =
      value.string_list_value?.values ??
      (typeof value.string_value === 'string' ? namespaceOf(value.string_value) : undefined);
    if (path === undefined || path.length === 0) return undefined;
    const name = schemaName(path);
    const catalog = names.catalog ?? (await onlyCatalog(call));
    if (catalog === undefined) return undefined;
    const schemas = await metadata.schemas(call, { catalog });
    if (!schemas.some(({ schema }) => schema === name)) throw absent('Schema', `${catalog}.${name}`);
    return { catalog, schema: path };
  }

  async function onlyCatalog(call: FlightCall): Promise<string | undefined> {
    const catalogs = await metadata.catalogs(call);
    return catalogs.length === 1 ? catalogs[0] : undefined;
  }

  // The catalog first, since a schema is one of it.
  const choices = new Map([
    ['catalog', withCatalog],
    ['schema', withSchema],
  ]);

  return {
    async setSessionOptions(call, { session_options }) {
      call.report.keepsState = true;
      const errors: Record<string, { value: SetSessionOptionsError }> = {};
      for (const name of Object.keys(session_options)) {
        if (!choices.has(name)) errors[name] = { value: 'INVALID_NAME' };
      }
      let names: Names = { catalog: call.session.catalog, schema: call.session.schema };
      for (const [name, choose] of choices) {
        const value = session_options[name];
        if (value === undefined) continue;
        const chosen = await choose(call, names, value);
        if (chosen) names = chosen;
        else errors[name] = { value: 'INVALID_VALUE' };
      }
      Object.assign(call.session, names);
      return { errors };
    },

    async getSessionOptions({ session }) {
      const options: Record<string, SessionOptionValue> = {};
      if (session.catalog !== undefined) options.catalog = { string_value: session.catalog };
      if (session.schema !== undefined) options.schema = { string_value: schemaName(session.schema) };
      for (const [name, value] of session.options) options[name] = optionValue(value);
      return { session_options: options };
    },

    closeSession: async (call) => (call.endSession() ? 'CLOSED' : 'NOT_CLOSEABLE'),
  };
}

type Names = Pick<FlightCall['session'], 'catalog' | 'schema'>;

function absent(what: 'Catalog' | 'Schema', name: string): SkuaError {
  return new SkuaError('NOT_FOUND', `${what} does not exist: ${name}`);
}

function isUnset(value: SessionOptionValue): boolean {
  return Object.values(value).every((field) => field === null || field === undefined);
}

function optionValue(value: string | boolean | bigint | number | string[]): SessionOptionValue {
  if (typeof value === 'string') return { string_value: value };
  if (typeof value === 'boolean') return { bool_value: value };
  if (typeof value === 'bigint') return { int64_value: value.toString() };
  if (typeof value === 'number') return { double_value: value };
  return { string_list_value: { values: value } };
}
