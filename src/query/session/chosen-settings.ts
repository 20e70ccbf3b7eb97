/** Settings that a session may choose freely, kept with its options. */
import { SkuaError } from '../../errors.js';
import { knownFormatVersion } from '../../iceberg/index.js';
import type { Session } from '../../session/index.js';
import type { QueryEnvironment, StatementContext } from '../environment.js';

interface ChosenSetting {
  description: string;
  /** Undefined: not set. */
  default: string | undefined;
  /** INVALID_ARGUMENT for what can't be chosen. */
  check(value: string, environment: QueryEnvironment): void;
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A name that no engine has: INVALID_ARGUMENT. */
export function checkEngine({ engines }: Pick<QueryEnvironment, 'engines'>, name: string): void {
  if (engines.includes(name)) return;
  throw new SkuaError('INVALID_ARGUMENT', `There is no engine "${name}"; there are ${engines.join(', ')}`);
}

export const DEFAULT_FORMAT_VERSION = 'iceberg_default_format_version';

/** Whether the engine is to tell what it ran. */
export const PROFILE = 'profile';
const TRUTHS: ReadonlySet<string> = new Set(['true', 'on', '1', 'false', 'off', '0']);

export const CHOSEN_SETTINGS: Record<string, ChosenSetting> = {
  timezone: {
    description: 'of casts between times with time zone and what has none, and of results',
    default: 'UTC',
    check: () => undefined,
  },
  engine: {
    description: 'the engine that queries run in, where they can; without one, the rules of the configuration say',
    default: undefined,
    check: (value, environment) => checkEngine(environment, value),
  },
  [PROFILE]: {
    description: 'whether the operators of statements are counted and timed, for system.runtime.operators',
    default: 'false',
    check: (value) => {
      if (!TRUTHS.has(value.toLowerCase()))
        throw new SkuaError('INVALID_ARGUMENT', `profile is true or false, not '${value}'`);
    },
  },
  'wap.branch': {
    description: 'the branch that changes of tables with write.wap.enabled go to, and that is read of them',
    default: undefined,
    check: () => undefined,
  },
  'wap.id': {
    description: 'the id under which changes of tables with write.wap.enabled are staged',
    default: undefined,
    check: () => undefined,
  },
  [DEFAULT_FORMAT_VERSION]: {
    description: 'of tables that are made without the property format-version',
    default: '2',
    check: (value) => void knownFormatVersion(value),
  },
  remove_orphan_files_min_retention: {
    description: 'how old files are at least that remove_orphan_files may remove',
    default: '24h',
    check: (value) => void millisecondsOf(value),
  },
};

/** The value that holds for a session; undefined for one without default that it has not chosen. */
export function chosenSetting(session: Session, name: string): string | undefined {
  const chosen = session.options.get(name);
  return typeof chosen === 'string' ? chosen : CHOSEN_SETTINGS[name]?.default;
}

/** Whether the session asks for profiles of its statements. */
export function isProfiled(session: Session): boolean {
  return ['true', 'on', '1'].includes((chosenSetting(session, PROFILE) ?? '').toLowerCase());
}

/** No value: the default again. */
export function chooseSetting({ environment, call }: StatementContext, name: string, value: string | undefined): void {
  const { options } = call.session;
  if (value === undefined) options.delete(name);
  else {
    CHOSEN_SETTINGS[name]?.check(value, environment);
    options.set(name, value);
  }
  call.report.keepsState = true;
}

/** In milliseconds. */
export function chosenDuration({ call }: StatementContext, name: string): number {
  return millisecondsOf(chosenSetting(call.session, name) ?? '0s');
}

function millisecondsOf(text: string): number {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/.exec(text) ?? [];
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  throw new SkuaError('INVALID_ARGUMENT', `'${text}' is not a duration such as '24h'`);
}
