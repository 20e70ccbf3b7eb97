/** Puts together what operators see: metrics, health, and what each call and statement leaves behind. */
import { join } from 'node:path';
import type { AdmissionOptions, RunningCall } from '../admission/index.js';
import { type Authenticator, TokenRefused } from '../auth/index.js';
import type { Config } from '../config/index.js';
import { type ErrorCode, SkuaError } from '../errors.js';
import type { Logger } from '../logging.js';
import {
  AuditLog,
  type CacheFigures,
  Health,
  Lineage,
  Metrics,
  openTraces,
  StatementLog,
  statementEntry,
  type Traces,
} from '../observe/index.js';
import type { PhaseMark } from '../query/index.js';
import { version } from '../version.js';
import { reachable } from './check-services.js';
import type { OpenedEnvironment } from './environment.js';
import { memoryOf, spilledBytes } from './process-figures.js';

/** Who is told of calls and statements when they are over. */
export interface Recorders {
  metrics: Metrics;
  log: StatementLog;
  audit: AuditLog | undefined;
  lineage: Lineage | undefined;
  traces: Traces | undefined;
}

/** As the configuration asks for. */
export async function createRecorders(config: Config, logger: Logger): Promise<Recorders> {
  const failed = (what: string) => (error: unknown) => logger.error({ error }, `${what} can not be written`);
  const { audit, lineage, observe, traces } = config;
  const { output, file, maxFileSize, maxFiles, literals } = audit;
  const target =
    output === 'file' && file !== undefined
      ? { kind: 'file' as const, path: file, largest: maxFileSize, kept: maxFiles }
      : { kind: 'stdout' as const };
  return {
    metrics: new Metrics(version),
    log: new StatementLog({
      size: observe.historySize,
      file: observe.historyFile,
      onError: failed('The history of statements'),
    }),
    audit: output === 'off' ? undefined : new AuditLog({ output: target, literals, onError: failed('The audit log') }),
    lineage:
      lineage.url === undefined && lineage.file === undefined
        ? undefined
        : new Lineage({
            ...lineage,
            version,
            datasetNamespace: (name) => config.catalogs[name]?.uri ?? name,
            onError: failed('Lineage'),
          }),
    traces:
      traces.url === undefined
        ? undefined
        : await openTraces({ ...traces, url: traces.url, version, onError: failed('Traces') }),
  };
}

export async function closeRecorders({ log, audit, lineage, traces }: Recorders): Promise<void> {
  await Promise.all([log.close(), audit?.close(), lineage?.close(), traces?.close()]);
}

/** Counts calls and the statements that they ran, and remembers the latter. */
export function watchCalls({
  metrics,
  log,
  audit,
  lineage,
  traces,
}: Recorders): Pick<AdmissionOptions, 'onCall' | 'onRefused' | 'follow'> {
  return {
    follow: traces && ((call, work) => traces.follow(call, work)),
    onCall(record, call, failure) {
      metrics.callEnded({ rpc: record.rpc, status: record.status, milliseconds: record.ms });
      if (call === undefined) return;
      const entry = hasRun(call, record.status) ? statementEntry(call, { failure }) : undefined;
      traces?.ended(call, record.status, entry);
      if (entry === undefined) return;
      countStatement(metrics, call, record.status);
      log.add(entry);
      audit?.statement(entry);
      lineage?.statement(entry, call.report.run?.columns);
    },
    onRefused(error, { rpc, address }) {
      const reason = error instanceof TokenRefused ? error.reason : error.code.toLowerCase();
      metrics.tokenRefused(reason);
      audit?.refused(reason, rpc, address);
    },
  };
}

/** A statement that was only typed counts where that failed: nobody will run it. */
function hasRun({ report: { run } }: RunningCall, status: 'OK' | ErrorCode): boolean {
  return run !== undefined && (run.kind !== 'describe' || status !== 'OK');
}

function countStatement(metrics: Metrics, { report, started }: RunningCall, status: 'OK' | ErrorCode): void {
  const { run } = report;
  if (run === undefined) return;
  const at = (phase: PhaseMark['phase']) => run.marks.findLast((mark) => mark.phase === phase)?.at;
  const since = (moment: number | undefined) => (moment === undefined ? undefined : moment - run.started);
  metrics.statementEnded({
    statement: report.statement ?? 'unknown',
    status,
    queued: report.waitedMs ?? 0,
    planned: since(at('start')),
    firstBatch: since(at('rows')),
    total: performance.now() - Math.max(run.started, started),
    rowsSent: run.kind === 'query' ? (report.rows ?? 0) : 0,
    bytesSent: report.bytes ?? 0,
    rowsWritten: run.affectedRows ?? (run.kind === 'ingest' ? (report.rows ?? 0) : 0),
  });
}

export interface Watched {
  environment: OpenedEnvironment;
  running(): { calls: number; statements: number; waiting: number };
  sessions(): number;
}

/** Has the metrics look at what lives, whenever they are asked for. */
export function watchServer(metrics: Metrics, { environment: opened, running, sessions }: Watched): void {
  const { engine, scratch } = opened;
  metrics.watch({
    running,
    sessions,
    memoryOf,
    engineProcesses: () => engine.processes(),
    spilledBytes: () => spilledBytes(join(scratch, 'sessions')),
    caches: () => cacheFigures(opened),
  });
}

export function cacheFigures({ environment, engine, rangeCache, footerCache }: OpenedEnvironment): CacheFigures[] {
  const { hits, misses, bytesHeld } = rangeCache.counters();
  return [
    { cache: 'ranges', hits, misses, bytes: bytesHeld },
    { cache: 'footers', ...footerCache.counters() },
    { cache: 'metadata', ...environment.metadataCache.counters() },
    ...(engine.caches?.() ?? []),
  ];
}

/** Looks for issuers' keys, catalogs, stores and the engine. What comes and goes is logged. */
export function createHealth(
  config: Config,
  parts: { authenticator: Authenticator; environment: OpenedEnvironment; metrics: Metrics; logger: Logger },
  onReady: (ready: boolean) => void,
): Health {
  const { authenticator, environment, metrics, logger } = parts;
  return new Health(
    [
      ...authenticator.issuers.map(({ issuer, keys }) => ({
        name: `issuer ${issuer}`,
        look: async () => `${await keys()} public keys`,
      })),
      ...reachable(config).map(({ what, check }) => ({
        name: what,
        look: async () => {
          const { ok, message } = await check();
          if (!ok) throw new SkuaError('UNAVAILABLE', message);
          return message;
        },
      })),
      { name: 'engine', look: async () => lookForEngine(environment) },
    ],
    {
      onChange({ name, ok, message }) {
        metrics.dependency.set({ dependency: name }, ok ? 1 : 0);
        if (ok) logger.info({ dependency: name, message }, 'Found');
        else logger.warn({ dependency: name, message }, 'Missing');
      },
      onReady,
    },
  );
}

function lookForEngine({ engine }: OpenedEnvironment): string {
  const processes = engine.processes().length;
  if (processes === 0) throw new SkuaError('UNAVAILABLE', 'no engine process runs');
  return `${processes} ${processes === 1 ? 'process' : 'processes'}`;
}
