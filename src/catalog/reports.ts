import type { BearerToken } from '../auth/index.js';
import { endsWithin } from '../time-limit.js';
import type { CatalogConfig } from './config.js';
import type { TableIdentifier } from './contract.js';
import { tablePath } from './paths.js';
import type { Transport } from './transport.js';

/** Reports that wait; one more is dropped. */
const MOST_WAITING = 1_000;
const AT_A_TIME = 4;
/** How long the last ones may take when the catalog is closed, in milliseconds. */
const GRACE = 1_000;

const ROUTE = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics';

interface Waiting {
  token: BearerToken;
  identifier: TableIdentifier;
  report: unknown;
}

export interface Reporter {
  /** Sends a report beside everything else, to a catalog that lists the route. Nobody learns what became of it. */
  send(token: BearerToken, identifier: TableIdentifier, report: unknown): void;
  close(): Promise<void>;
}

/** Sends reports with the token of the caller whose statement they are about (Iceberg REST specification, `reportMetrics`). */
export function createReporter(
  transport: Transport,
  configOf: (token: BearerToken) => Promise<CatalogConfig>,
): Reporter {
  const waiting: Waiting[] = [];
  const sending = new Set<Promise<void>>();
  let isClosed = false;

  async function post({ token, identifier, report }: Waiting): Promise<void> {
    const config = await configOf(token);
    if (!config.supports(ROUTE)) return;
    const path = `${tablePath(config, identifier)}/metrics`;
    await transport.exchange(token, { method: 'POST', path, body: report, answer: 'none' });
  }

  function sendNext(): void {
    if (sending.size >= AT_A_TIME) return;
    const next = waiting.shift();
    if (!next) return;
    const sent = post(next)
      .catch(() => undefined)
      .then(() => {
        sending.delete(sent);
        sendNext();
      });
    sending.add(sent);
  }

  async function settled(): Promise<void> {
    while (sending.size > 0) await Promise.all(sending);
  }

  return {
    send(token, identifier, report) {
      if (isClosed || waiting.length >= MOST_WAITING) return;
      waiting.push({ token, identifier, report });
      sendNext();
    },
    async close() {
      isClosed = true;
      await endsWithin(GRACE, settled());
      waiting.length = 0;
    },
  };
}
