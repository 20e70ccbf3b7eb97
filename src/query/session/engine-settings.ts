/**
 * Settings by which DuckDB's users steer how their engine works: its threads, caches, log, optimizer. They change no answer, and here the server decides what they
 * are about; a session may set them all the same, so that scripts run as they are.
 */
import { SkuaError } from '../../errors.js';

type Kind = 'a truth value' | 'a number' | 'a text';

const KINDS: Record<Kind, RegExp> = {
  'a truth value': /^(?:true|false|0|1|on|off|yes|no)$/i,
  'a number': /^\d+(?:\.\d+)?$/,
  'a text': /^/,
};

const ENGINE_SETTINGS: Record<string, Kind> = {
  debug_verification_mode: 'a text',
  disable_parquet_prefetching: 'a truth value',
  disabled_log_types: 'a text',
  disabled_optimizers: 'a text',
  enable_external_file_cache: 'a truth value',
  enable_http_logging: 'a truth value',
  enable_http_metadata_cache: 'a truth value',
  enable_logging: 'a truth value',
  enable_object_cache: 'a truth value',
  enable_progress_bar: 'a truth value',
  enable_progress_bar_print: 'a truth value',
  enabled_log_types: 'a text',
  external_threads: 'a number',
  http_keep_alive: 'a truth value',
  http_retries: 'a number',
  http_retry_backoff: 'a number',
  http_retry_wait_ms: 'a number',
  http_timeout: 'a number',
  iceberg_use_server_side_scan_planning: 'a truth value',
  logging_level: 'a text',
  logging_mode: 'a text',
  logging_storage: 'a text',
  parquet_metadata_cache: 'a truth value',
  prefetch_all_parquet_files: 'a truth value',
  threads: 'a number',
  validate_external_file_cache: 'a text',
  worker_threads: 'a number',
};

export const ENGINE_SETTING = 'of DuckDB, decided by the server: what a session sets changes nothing';

export function isEngineSetting(name: string): boolean {
  return Object.hasOwn(ENGINE_SETTINGS, name);
}

/** INVALID_ARGUMENT for what DuckDB would not take either. */
export function checkEngineSetting(name: string, value: string): void {
  const kind = ENGINE_SETTINGS[name] ?? 'a text';
  if (!KINDS[kind].test(value)) throw new SkuaError('INVALID_ARGUMENT', `${name} is ${kind}, which '${value}' is not`);
}
