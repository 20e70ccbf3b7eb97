/** The page that is shown, as it stands behind the `#`. */
import { signal } from '@preact/signals';
import type { TableRef } from '../data/catalog.js';

export type Route = { page: 'query' } | { page: 'activity' } | { page: 'connect' } | ({ page: 'table' } & TableRef);

export const route = signal<Route>(read());

addEventListener('hashchange', () => {
  route.value = read();
});

export function go(next: Route): void {
  location.hash = hrefOf(next);
}

export function hrefOf(next: Route): string {
  if (next.page !== 'table') return `#/${next.page}`;
  return `#/table/${[next.catalog, next.schema, next.table].map(encodeURIComponent).join('/')}`;
}

function read(): Route {
  const [, page, ...rest] = location.hash.split('/');
  const [catalog, schema, table] = rest.map(decodeURIComponent);
  if (page === 'table' && catalog && schema && table) return { page, catalog, schema, table };
  return page === 'activity' || page === 'connect' ? { page } : { page: 'query' };
}
