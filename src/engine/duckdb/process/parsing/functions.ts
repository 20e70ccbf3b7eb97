import { SkuaError } from '../../../../errors.js';

/** Table functions that compute from their arguments alone. Every other one could reach files, settings, catalogs or other text. */
const tableFunctions = new Set([
  'generate_series',
  'json_each',
  'json_tree',
  'range',
  'regexp_split_to_table',
  'repeat',
  'repeat_row',
  'test_all_types',
  'unnest',
  'generate_subscripts',
]);

/** Scalar functions and macros that reach beyond their arguments. */
const refusedFunctions: Record<string, string> = {
  current_setting: 'settings',
  getvariable: 'settings',
  in_search_path: 'settings',
  current_query: 'settings',
  pg_conf_load_time: 'settings',
  getenv: 'the environment of the server',
  nextval: 'sequences',
  currval: 'sequences',
  write_log: 'the log of the server',
  json_serialize_plan: 'other text as SQL',
  json_deserialize_sql: 'other text as SQL',
  json_execute_serialized_sql: 'other text as SQL',
  get_block_size: 'the storage of the server',
  col_description: "the engine's own catalog",
  obj_description: "the engine's own catalog",
  shobj_description: "the engine's own catalog",
  pg_get_constraintdef: "the engine's own catalog",
  pg_get_viewdef: "the engine's own catalog",
  add_parquet_key: 'keys',
  // Of columns as they lie in files: also of rows and values that a catalog hides from the caller.
  stats: 'what the engine knows of files',
  vector_type: 'what the engine knows of files',
  sleep_ms: 'the clock of the server',
  pg_sleep: 'the clock of the server',
};

/** The engine knows no users: it would say that everybody may do everything. */
const privileges = /^has_\w*privilege$/;

/** Names of files that stand for a scan of that file, such as `read_csv_auto`. */
const readers =
  /^(read_|scan_|sniff_|parquet_|glob$|.*_scan$|pragma_|duckdb_|which_secret$|checkpoint$|force_checkpoint$)/;

export function checkTableFunction(name: string): void {
  if (tableFunctions.has(name.toLowerCase())) return;
  throw new SkuaError(
    'PERMISSION_DENIED',
    `the table function ${name} is not allowed: queries read tables of the catalog only`,
  );
}

export function checkScalarFunction(name: string): void {
  const lower = name.toLowerCase();
  const reach = Object.hasOwn(refusedFunctions, lower) ? refusedFunctions[lower] : undefined;
  if (reach) throw new SkuaError('PERMISSION_DENIED', `the function ${name} is not allowed: it reaches ${reach}`);
  if (privileges.test(lower)) {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `the function ${name} is not allowed: privileges are the catalog's affair`,
    );
  }
  if (readers.test(lower)) {
    throw new SkuaError(
      'PERMISSION_DENIED',
      `the function ${name} is not allowed: queries read tables of the catalog only`,
    );
  }
}
