import type { CatalogContext } from './context.js';
import type { TableIdentifier } from './store.js';

/** `config` of a table whose requests are signed here. */
export function signingProperties(
  { name }: CatalogContext,
  { namespace, name: table }: TableIdentifier,
): Record<string, string> {
  const levels = encodeURIComponent(namespace.join('\u001f'));
  return {
    's3.remote-signing-enabled': 'true',
    's3.signer': 'S3V4RestSigner',
    's3.signer.endpoint': `v1/${encodeURIComponent(name)}/namespaces/${levels}/tables/${encodeURIComponent(table)}/sign`,
  };
}
