/** Statements of the page's own, whose few rows are read as objects. */
import { effect } from '@preact/signals';
import { connectHttp, type HttpClient } from '../../../src/client/http/client.js';
import type { Row } from '../../../src/client/rows.js';
import { SkuaError } from '../../../src/errors.js';
import { address, token } from '../session/session.js';

let client: HttpClient | undefined;

effect(() => {
  const current = token.value;
  client = current === undefined ? undefined : connectHttp({ address, token: current, session: false });
});

export async function rows(sql: string, signal?: AbortSignal): Promise<Row[]> {
  if (client === undefined) throw new SkuaError('UNAUTHENTICATED', 'You are not logged in.');
  const found: Row[] = [];
  const result = await client.execute(sql, signal === undefined ? {} : { signal });
  for await (const row of result.rows()) found.push(row);
  return found;
}

/** A name in quotes. */
export function quoted(...names: string[]): string {
  return names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}
