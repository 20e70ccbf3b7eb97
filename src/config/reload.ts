import { describeConfig } from './document.js';
import type { Config } from './schema.js';

/** Keys whose change takes effect without a restart; those that end with a dot and all below it. */
const RELOADABLE = [
  'server.tls.',
  'logging.level',
  'catalogs.NAME.',
  'observe.operator_roles',
  'limits.concurrent_statements',
  'limits.concurrent_statements_per_principal',
  'limits.queue_timeout',
  'limits.statement_timeout',
  'limits.sessions',
  'limits.sessions_per_principal',
  'limits.session_idle_timeout',
];

/** The keys that differ between two configurations, by whether a running server can take the change. */
export function changedKeys(before: Config, after: Config): { reloadable: string[]; others: string[] } {
  const changed = describeConfig()
    .map(({ key }) => key)
    .filter((key) => JSON.stringify(valueAt(before, key)) !== JSON.stringify(valueAt(after, key)));
  const isReloadable = (key: string) =>
    RELOADABLE.some((reloadable) => key === reloadable || (reloadable.endsWith('.') && key.startsWith(reloadable)));
  return { reloadable: changed.filter(isReloadable), others: changed.filter((key) => !isReloadable(key)) };
}

/** Of a documented key; that of an entry of a list or table is what all of them have. */
function valueAt(config: Config, key: string): unknown {
  return key.split('.').reduce<unknown>((value, name) => {
    if (value === undefined || value === null) return undefined;
    if (name === 'NAME') return value;
    const property = name.replace(/\[\]$/, '').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(value as object, property)
      ? (value as Record<string, unknown>)[property]
      : namesIn(value, property);
  }, config);
}

/** That member of each entry. */
function namesIn(entries: unknown, property: string): unknown {
  if (typeof entries !== 'object' || entries === null) return undefined;
  return Object.entries(entries).map(([name, entry]) => [
    name,
    (entry as Record<string, unknown> | undefined)?.[property],
  ]);
}
