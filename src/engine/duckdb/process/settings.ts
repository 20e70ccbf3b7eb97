import { quoteText } from './native/text.js';

/** What every instance is opened with: nothing is loaded, nothing is fetched, errors carry their position. */
export const commonConfiguration: Record<string, string> = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
  errors_as_json: 'true',
  // Freed memory goes back to the system within seconds; without it, it stays with the process until the next large query.
  allocator_background_threads: 'true',
};

/** DuckDB takes seconds to optimise a chain of several hundred operators, and does not stop when it is told to. */
const deepestExpression = 250;

/** Settings that a configuration cannot hold, before it is locked. */
export const commonSettings = [
  `SET GLOBAL max_expression_depth = ${deepestExpression}`,
  "SET GLOBAL TimeZone = 'UTC'",
  "SET GLOBAL Calendar = 'gregorian'",
  'SET GLOBAL arrow_lossless_conversion = true',
  'SET GLOBAL arrow_large_buffer_size = false',
  'SET GLOBAL produce_arrow_string_view = false',
  'SET GLOBAL arrow_output_list_view = false',
];

/** Has the texts of a connection run in a time zone. Allowed where the configuration is locked, and seen by no other connection. */
export function setTimeZone(name: string): string {
  return `SET SESSION TimeZone = ${quoteText(name)}`;
}

/** Makes a connection keep count of its queries' progress. Pragmas are allowed where the configuration is locked. */
export const trackProgress = 'PRAGMA disable_print_progress_bar; PRAGMA enable_progress_bar';

/** Makes a connection keep count of what the operators of its statements do, until the next one. */
export const profileStatements = [
  "SET SESSION enable_profiling = 'no_output'",
  "SET SESSION profiling_coverage = 'ALL'",
  `SET SESSION custom_profiling_settings = ${quoteText(
    JSON.stringify(
      Object.fromEntries(
        ['OPERATOR_NAME', 'OPERATOR_CARDINALITY', 'OPERATOR_TIMING', 'EXTRA_INFO', 'SYSTEM_PEAK_TEMP_DIR_SIZE'].map(
          (metric) => [metric, 'true'],
        ),
      ),
    ),
  )}`,
].join(';');

/** From here on, only these settings can be changed. */
export function lock(changeable: string): string[] {
  return [
    `SET GLOBAL allowed_configs = [${changeable}]`,
    'SET GLOBAL enable_external_access = false',
    'SET GLOBAL lock_configuration = true',
  ];
}

/** How often a query that has to stop is told so, in milliseconds: an interrupt between two statements goes unheard. */
export const interruptInterval = 20;
