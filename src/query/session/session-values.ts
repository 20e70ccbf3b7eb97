/** What a session says about itself: `current_user`, `current_schema()`, `version()`, and the settings of SHOW. */
import type { FunctionDefinition } from '../../engine/contract.js';
import type { Session } from '../../session/index.js';
import { quoteString } from '../../sql/index.js';
import { version } from '../../version.js';
import type { StatementContext } from '../environment.js';
import { chosenCatalog, schemaName } from '../tables/names.js';
import { CHOSEN_SETTINGS, chosenSetting } from './chosen-settings.js';
import { ENGINE_SETTING, isEngineSetting } from './engine-settings.js';

export interface Setting {
  /** Lower case. */
  name: string;
  value: string | undefined;
  description: string;
}

/** The settings that SHOW knows. Other names for them: `settingNamed`. */
export function settingsOf({ environment, call }: StatementContext): Setting[] {
  const names = { catalogs: [...environment.catalogs.keys()], session: call.session };
  const schema = call.session.schema && schemaName(call.session.schema);
  const chosen = Object.entries(CHOSEN_SETTINGS).map(([name, { description }]) => {
    return { name, value: chosenSetting(call.session, name), description };
  });
  return [
    { name: 'catalog', value: chosenCatalog(names), description: 'where names without a catalog are looked up' },
    { name: 'client_encoding', value: 'UTF8', description: 'of all text' },
    { name: 'schema', value: schema, description: 'where names without a schema are looked up' },
    { name: 'search_path', value: schema, description: 'the same as schema' },
    { name: 'server_version', value: version, description: "Skua's version" },
    { name: 'transaction_isolation', value: 'repeatable read', description: 'of every transaction' },
    ...ALWAYS,
    ...chosen,
    ...setOfEngine(call.session),
  ];
}

/** What holds in every session. */
const ALWAYS: readonly Setting[] = [
  { name: 'calendar', value: 'gregorian', description: 'of dates' },
  {
    name: 'default_transaction_invalidation_policy',
    value: 'syntactic_errors_do_not_invalidate',
    description: 'a statement of a transaction that fails takes no effect, and the transaction goes on',
  },
  {
    name: 'iceberg_use_metadata_log',
    value: 'true',
    description: 'transactions read tables as they were when they began',
  },
  {
    name: 'preserve_insertion_order',
    value: 'false',
    description: 'rows of a query without ORDER BY come in any order',
  },
  { name: 'warnings_as_errors', value: 'true', description: 'there are no warnings' },
];

function setOfEngine({ options }: Session): Setting[] {
  return [...options].flatMap(([name, value]) =>
    isEngineSetting(name) && typeof value === 'string' ? [{ name, value, description: ENGINE_SETTING }] : [],
  );
}

const OTHER_NAMES: Record<string, string> = {
  current_catalog: 'catalog',
  current_schema: 'schema',
  default_transaction_isolation: 'transaction_isolation',
  current_transaction_invalidation_policy: 'default_transaction_invalidation_policy',
  names: 'client_encoding',
  'spark.wap.branch': 'wap.branch',
  'spark.wap.id': 'wap.id',
  time_zone: 'timezone',
};

/** The name that a setting goes by, in lower case; the name itself where there is no such setting. */
export function settingNamed(written: string): string {
  const name = written.toLowerCase();
  return Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] as string) : name;
}

/** Whether a text may call one of the functions below. Their names can't be written in any other way. */
const CALLS = /\b(?:current_(?:user|role|catalog|database|schemas?)|session_user|user|version)\b/i;

/** The session's functions; none where a text has none of their names. */
export function sessionFunctions(context: StatementContext, sql: string): FunctionDefinition[] {
  return CALLS.test(sql) ? functionsOf(context) : [];
}

function functionsOf(context: StatementContext): FunctionDefinition[] {
  const settings = settingsOf(context);
  const settingValue = (name: string) => settings.find((setting) => setting.name === name)?.value;
  const user = context.call.principal.name;
  const catalog = settingValue('catalog');
  const schema = settingValue('schema');
  const constants: Record<string, string | undefined> = {
    current_user: user,
    current_role: user,
    session_user: user,
    user,
    current_catalog: catalog,
    current_database: catalog,
    current_schema: schema,
    version: `Skua ${version}`,
  };
  const schemas = schema === undefined ? 'CAST([] AS VARCHAR[])' : `[${text(schema)}]`;
  return [
    ...Object.entries(constants).map(([name, value]) => ({ name, overloads: [{ parameters: [], body: text(value) }] })),
    { name: 'current_schemas', overloads: [{ parameters: ['implicit'], body: schemas }] },
  ];
}

function text(value: string | undefined): string {
  return `CAST(${value === undefined ? 'NULL' : quoteString(value)} AS VARCHAR)`;
}
