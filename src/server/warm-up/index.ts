/**
 * Statements before the first client's. What a process does for the first time takes many times what it takes later: its code is loaded, read and
 * compiled then, on both sides of the engine's channel.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BearerToken, type Principal } from '../../auth/index.js';
import { createRestCatalog } from '../../catalog/index.js';
import {
  type Call,
  createStatementService,
  type QueryEnvironment,
  type StatementService,
  Turns,
} from '../../query/index.js';
import { createSessionStore, type Session } from '../../session/index.js';
import { createS3Clients, Endpoints, Journal, openStorage } from '../../storage/index.js';
import type { OpenedEnvironment } from '../environment.js';
import { type Lake, openLake, TABLE } from './lake.js';

const INSERT = `INSERT INTO t SELECT range, 'v' || range, range / 2, DATE '2024-01-01' + range::INTEGER,
  TIMESTAMP '2024-01-01 00:00:00', range::DECIMAL(12, 2), range % 2 = 0 FROM range(100)`;

/** Of what statements are usually made. What one process has answered about a text, no other one is asked: each has texts of its own. */
function queriesOf(process: number): string[] {
  return [
    `SELECT c7, count(*) AS n, sum(c1), avg(c3), min(c4), max(c2) FROM t WHERE c6 BETWEEN 5 AND 95 GROUP BY c7 ORDER BY n LIMIT ${process + 1}`,
    `SELECT a.c2, b.c5, sum(a.c6 * (1 - b.c3)) FROM t a JOIN t b ON a.c1 = b.c1 WHERE b.c4 < DATE '2024-03-01' AND a.c1 > ${process} GROUP BY ALL`,
    `SELECT * FROM t WHERE c1 = ${process}`,
  ];
}

/** How often, so that what runs often is compiled. */
const ROUNDS = 3;

/** Runs statements in every engine process, over a table of its own. */
export async function warmUp(opened: OpenedEnvironment): Promise<void> {
  const lake = await openLake();
  const clients = createS3Clients();
  const catalog = createRestCatalog({ name: TABLE.catalog, uri: lake.uri, delegation: 'none', reportMetrics: false });
  const journal = await Journal.open(join(opened.scratch, 'warm-up'), { places: new Map() });
  const sessions = createSessionStore({
    idleTimeout: 60_000,
    perPrincipal: opened.processes,
    total: opened.processes,
    catalog: TABLE.catalog,
    schema: TABLE.schema,
  });
  const statements = createStatementService({
    ...opened.environment,
    catalogs: new Map([[TABLE.catalog, catalog]]),
    openStorage: () => storageOf(lake, { clients, endpoints: new Endpoints({ configured: [lake.uri] }) }),
    journal,
    turns: new Turns(),
    engines: ['local'],
  });
  try {
    const all = Array.from({ length: opened.processes }, (_, index) => sessions.acquire(principal, `warm-up ${index}`));
    const [first] = all;
    if (first) await statements.update(callOf(first.session), { sql: INSERT });
    await Promise.all(all.map(({ session }, index) => runAll(statements, session, queriesOf(index))));
    for (const { release } of all) release();
  } finally {
    await sessions.close();
    await Promise.all([catalog.close(), journal.close(), lake.close()]);
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

function callOf(session: Session): Call & { end(): void } {
  const endings: (() => void)[] = [];
  return {
    principal,
    session,
    signal: new AbortController().signal,
    report: {},
    onEnd: (callback) => void endings.push(callback),
    end() {
      for (const ending of endings.splice(0)) ending();
    },
  };
}

async function runAll(statements: StatementService, session: Session, queries: readonly string[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    for (const sql of queries) {
      const call = callOf(session);
      try {
        const described = await statements.describe(call, { sql });
        const { batches } = await statements.query(call, { sql, plan: described.plan });
        for await (const _ of batches);
      } finally {
        call.end();
      }
    }
  }
}

/** Read by S3's protocol, as other stores are; written straight into memory. */
function storageOf(
  lake: Lake,
  options: Parameters<typeof openStorage>[1],
): ReturnType<QueryEnvironment['openStorage']> {
  return {
    ...openStorage(lake.access, options),
    write: async (location, bytes) => lake.put(location, bytes),
    upload: async (location, path) => lake.put(location, await readFile(path)),
    remove: async () => undefined,
  };
}
