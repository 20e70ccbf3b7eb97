/** The session actions: options by name, of which `catalog` and `schema` are the current names. */
import type { StatementService } from '../../query/contract.js';
import { namespaceOf, schemaName } from '../../query/index.js';
import type { FlightCall } from '../flight-call.js';
import type { SessionOptionValue, SetSessionOptionsError } from '../messages.js';
import type { FlightSql } from './flight-sql.js';

type SessionActions = Pick<FlightSql, 'setSessionOptions' | 'getSessionOptions' | 'closeSession'>;

export function sessionActions({ metadata }: Pick<StatementService, 'metadata'>): SessionActions {
  /** An unset value chooses nothing; a name that the caller can't see is no value. */
  async function setCatalog(call: FlightCall, value: SessionOptionValue): Promise<boolean> {
    const { session } = call;
    if (isUnset(value) || value.string_value === '') {
      session.catalog = undefined;
      session.schema = undefined;
      return true;
    }
    if (typeof value.string_value !== 'string') return false;
    const catalogs = await metadata.catalogs(call);
    if (!catalogs.includes(value.string_value)) return false;
    if (session.catalog !== value.string_value) session.schema = undefined;
    session.catalog = value.string_value;
    return true;
  }

  async function setSchema(call: FlightCall, value: SessionOptionValue): Promise<boolean> {
    const { session } = call;
    if (isUnset(value) || value.string_value === '') {
      session.schema = undefined;
      return true;
    }
    const path =
      value.string_list_value?.values ??
      (typeof value.string_value === 'string' ? namespaceOf(value.string_value) : undefined);
    if (path === undefined || path.length === 0) return false;
    const name = schemaName(path);
    const catalog = session.catalog ?? (await onlyCatalog(call));
    if (catalog === undefined) return false;
    const schemas = await metadata.schemas(call, { catalog });
    if (!schemas.some(({ schema }) => schema === name)) return false;
    session.catalog = catalog;
    session.schema = path;
    return true;
  }

  async function onlyCatalog(call: FlightCall): Promise<string | undefined> {
    const catalogs = await metadata.catalogs(call);
    return catalogs.length === 1 ? catalogs[0] : undefined;
  }

  const setters = new Map([
    ['catalog', setCatalog],
    ['schema', setSchema],
  ]);

  return {
    async setSessionOptions(call, { session_options }) {
      call.report.keepsState = true;
      const errors: Record<string, { value: SetSessionOptionsError }> = {};
      for (const name of Object.keys(session_options)) {
        if (!setters.has(name)) errors[name] = { value: 'INVALID_NAME' };
      }
      // The catalog first, since a schema is one of it.
      for (const [name, set] of setters) {
        const value = session_options[name];
        if (value !== undefined && !(await set(call, value))) errors[name] = { value: 'INVALID_VALUE' };
      }
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
