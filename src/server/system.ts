/** What the server tells of itself in `system.runtime`: to operators everything, to others what is their own. */
import type { Admission } from '../admission/index.js';
import type { Principal } from '../auth/index.js';
import { type Config, describeConfig } from '../config/index.js';
import { SkuaError } from '../errors.js';
import { type StatementLog, statementEntry } from '../observe/index.js';
import { type SettingEntry, type SystemSource, schemaName } from '../query/index.js';
import type { SessionStore } from '../session/index.js';
import { version } from '../version.js';
import type { OpenedEnvironment } from './environment.js';
import { cacheFigures } from './observation.js';
import { isOperator } from './operators.js';
import { memoryOf } from './process-figures.js';

export interface SystemParts {
  /** As it is now. */
  config: () => Config;
  admission: Admission;
  sessions: SessionStore;
  log: StatementLog;
  environment: OpenedEnvironment;
}

interface Owned {
  issuer: string;
  subject: string;
}

export function createSystemSource({ config, admission, sessions, log, environment }: SystemParts): SystemSource {
  const operates = ({ roles }: Principal) => isOperator(config(), roles);
  const mayBeSeenBy = (principal: Principal) => {
    const seesAll = operates(principal);
    return ({ issuer, subject }: Owned) => seesAll || (issuer === principal.issuer && subject === principal.subject);
  };
  const startedAt = Math.round(Date.now() - process.uptime() * 1000);
  return {
    async statements(principal) {
      const running = admission.calls.flatMap((call) => statementEntry(call) ?? []);
      return [...running.toReversed(), ...log.ended].filter(mayBeSeenBy(principal));
    },
    async sessions(principal) {
      const isSeen = mayBeSeenBy(principal);
      return sessions
        .list()
        .filter(({ owner }) => isSeen(owner))
        .map(({ owner, catalog, schema, isDefault, users, lastUsed, expiresAt }) => ({
          ...owner,
          catalog,
          schema: schema && schemaName(schema),
          isDefault,
          calls: users,
          lastUsed,
          expires: expiresAt,
        }));
    },
    async nodes(principal) {
      const server = {
        kind: 'server' as const,
        pid: process.pid,
        role: 'server',
        version,
        started: startedAt,
        sessions: operates(principal) ? sessions.size : undefined,
        requests: operates(principal) ? admission.running.calls : undefined,
        memory: operates(principal) ? process.memoryUsage.rss() : undefined,
      };
      if (!operates(principal)) return [server];
      const engines = environment.engine.processes().map(async ({ pid, role, sessions: held, requests }) => ({
        kind: 'engine' as const,
        pid,
        role,
        version: undefined,
        started: undefined,
        sessions: held,
        requests,
        memory: await memoryOf(pid),
      }));
      return [server, ...(await Promise.all(engines))];
    },
    caches: async (principal) => (operates(principal) ? cacheFigures(environment) : []),
    settings: (principal) => settings(config(), operates(principal)),
    async stop(principal, id) {
      const call = admission.calls.find((candidate) => candidate.id === id);
      if (call === undefined || statementEntry(call) === undefined || !mayBeSeenBy(principal)(call.principal))
        return false;
      const who = call.principal.subject === principal.subject ? 'its owner' : 'an operator';
      call.abort(new SkuaError('CANCELLED', `the statement was stopped by ${who}`));
      return true;
    },
  };
}

/** Limits are everybody's to know; where the server reaches, and how, is the operators'. Entries of lists and tables are shown as they are. */
function settings(config: Config, all: boolean): SettingEntry[] {
  return describeConfig().flatMap(({ key, default: usual, secret, sentence }) => {
    if (!all && !key.startsWith('limits.')) return [];
    return valuesAt(config, key.split('.')).map(({ path, value }) => ({
      key: path,
      value: value === undefined ? undefined : secret ? '[secret]' : JSON.stringify(value),
      default: usual,
      description: sentence,
    }));
  });
}

/** The values that a documented key has: `auth[].issuer` and `catalogs.NAME.uri` have as many as there are entries. */
function valuesAt(value: unknown, names: readonly string[], path = ''): { path: string; value: unknown }[] {
  const [name, ...rest] = names;
  if (name === undefined) return [{ path, value }];
  const below = (key: string) => (path === '' ? key : `${path}.${key}`);
  if (name === 'NAME') {
    return Object.entries(value as object).flatMap(([key, entry]) => valuesAt(entry, rest, below(key)));
  }
  const isList = name.endsWith('[]');
  const written = isList ? name.slice(0, -2) : name;
  const property = written.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const child = (value as Record<string, unknown> | undefined)?.[property];
  if (!isList) return valuesAt(child, rest, below(written));
  return ((child as unknown[]) ?? []).flatMap((entry, index) => valuesAt(entry, rest, `${below(written)}[${index}]`));
}
