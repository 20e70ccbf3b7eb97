/**
 * Statements before the first client's. What a process does for the first time takes many times what it takes later: its code is loaded, read and
 * compiled then, on both sides of the engine's channel.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BearerToken, type Principal } from '../../auth/index.js';
import { createRestCatalog } from '../../catalog/index.js';
import { type Call, createStatementService, type StatementService, Turns } from '../../query/index.js';
import { createSessionStore, type Session } from '../../session/index.js';
import { createS3Clients, Journal, openStorage, type S3Clients, type Storage } from '../../storage/index.js';
import type { OpenedEnvironment } from '../environment.js';
import { type Lake, openLake, TABLE } from './lake.js';

const INSERT = `INSERT INTO t SELECT range, 'v' || range, range / 2, DATE '2024-01-01' + range::INTEGER,
  TIMESTAMP '2024-01-01 00:00:00', range::DECIMAL(12, 2), range % 2 = 0 FROM range(100)`;

/** Of what statements are usually made. */
const QUERIES = [
  `SELECT c7, count(*) AS n, sum(c1), avg(c3), min(c4), max(c2) FROM t WHERE c6 BETWEEN 5 AND 95 GROUP BY c7 ORDER BY n DESC LIMIT 10`,
  `SELECT a.c2, b.c5, sum(a.c6 * (1 - b.c3)) FROM t a JOIN t b ON a.c1 = b.c1 WHERE b.c4 < DATE '2024-03-01' AND a.c2 LIKE 'v%' GROUP BY ALL`,
  'SELECT abs(c1), upper(c2) FROM t WHERE c1 = 7',
];
/** How often, so that what runs often is compiled. */
const ROUNDS = 3;

/** Runs statements over a table of its own, in the engine process that is there. */
export async function warmUp(opened: OpenedEnvironment): Promise<void> {
  const lake = await openLake();
  try {
    await runOver(lake, opened);
  } finally {
    await lake.close();
  }
}

async function runOver(lake: Lake, { environment, scratch }: OpenedEnvironment): Promise<void> {
  const journal = await Journal.open(join(scratch, 'warm-up'), { places: new Map() });
  const clients = createS3Clients();
  const catalog = createRestCatalog({ name: TABLE.catalog, uri: lake.uri, delegation: 'none', reportMetrics: false });
  const sessions = createSessionStore({
    idleTimeout: 60_000,
    perPrincipal: 1,
    total: 1,
    catalog: TABLE.catalog,
    schema: TABLE.schema,
  });
  const statements = createStatementService({
    ...environment,
    catalogs: new Map([[TABLE.catalog, catalog]]),
    openStorage: () => storageOf(lake, clients),
    journal,
    turns: new Turns(),
    engines: ['local'],
  });
  try {
    const { session, release } = sessions.acquire(principal, undefined);
    await runAll(statements, session);
    release();
  } finally {
    await sessions.close();
    await Promise.all([catalog.close(), journal.close()]);
    clients.close();
  }
}

/** Asks the lake's catalog, which takes any token. */
const principal: Principal = {
  issuer: 'warm-up',
  subject: 'warm-up',
  name: 'warm-up',
  roles: [],
  expiresAt: Number.MAX_SAFE_INTEGER,
  token: new BearerToken('none'),
};

async function runAll(statements: StatementService, session: Session): Promise<void> {
  const { signal } = new AbortController();
  const call = (): Call => ({ principal, session, signal, report: {} });
  await statements.update(call(), { sql: INSERT });
  for (let round = 0; round < ROUNDS; round++) {
    for (const sql of QUERIES) {
      const { plan } = await statements.describe(call(), { sql });
      const { batches } = await statements.query(call(), { sql, plan });
      for await (const _ of batches);
    }
  }
}

/** Read by S3's protocol, as other stores are; written straight into memory. */
function storageOf(lake: Lake, clients: S3Clients): Storage {
  return {
    ...openStorage(lake.access, { clients }),
    write: async (location, bytes) => lake.put(location, bytes),
    upload: async (location, path) => lake.put(location, await readFile(path)),
    remove: async () => undefined,
  };
}
