/** ALTER TABLE … EXECUTE: the procedures of Trino, and those of CALL without their table. */
import { SkuaError } from '../../errors.js';
import type { Arguments } from './arguments.js';
import { optional, type Parameter } from './parameter.js';
import type { Procedure } from './procedure.js';
import { procedureNamed } from './procedures.js';

/** A procedure as EXECUTE takes it. */
export interface Executed {
  procedure: Procedure;
  /** Without the table. */
  parameters: readonly Parameter[];
  /** The arguments of the procedure itself. */
  translate(given: Arguments): Arguments;
}

interface Translation {
  name: string;
  parameters: readonly Parameter[];
  translate(given: Arguments): Arguments;
}

/** Bytes below which `optimize` takes files, unless it is told otherwise. */
const SMALL_FILE = '100MB';
/** What Trino keeps unless it is told otherwise. */
const RETENTION = '7d';

const FROM_TRINO: Record<string, Translation> = {
  optimize: {
    name: 'rewrite_data_files',
    parameters: [optional('file_size_threshold', 'string')],
    translate(given) {
      const threshold = bytesOf(given.string('file_size_threshold') ?? SMALL_FILE);
      const options = new Map([
        ['min-file-size-bytes', String(threshold)],
        ['max-file-size-bytes', String(Number.MAX_SAFE_INTEGER)],
        ['min-input-files', '2'],
        ['delete-file-threshold', '1'],
      ]);
      return given.with({ options });
    },
  },
  expire_snapshots: {
    name: 'expire_snapshots',
    parameters: [
      optional('retention_threshold', 'string'),
      optional('retain_last', 'int'),
      optional('clean_expired_metadata', 'boolean'),
    ],
    translate: olderThanRetention,
  },
  remove_orphan_files: {
    name: 'remove_orphan_files',
    parameters: [optional('retention_threshold', 'string'), optional('dry_run', 'boolean')],
    translate: olderThanRetention,
  },
  optimize_manifests: { name: 'rewrite_manifests', parameters: [], translate: (given) => given },
};

/** Unknown: UNIMPLEMENTED. */
export function executedProcedure(name: string): Executed {
  if (Object.hasOwn(FROM_TRINO, name)) {
    const { name: own, ...translation } = FROM_TRINO[name] as Translation;
    return { procedure: procedureNamed(own), ...translation };
  }
  const procedure = procedureNamed(name);
  const parameters = procedure.parameters.filter((parameter) => parameter.name !== 'table');
  return { procedure, parameters, translate: (given) => given };
}

function olderThanRetention(given: Arguments): Arguments {
  const age = millisecondsOf(given.string('retention_threshold') ?? RETENTION);
  return given.with({ older_than: Date.now() - age });
}

const TIME_UNITS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const SIZE_UNITS: Record<string, number> = {
  B: 1,
  kB: 2 ** 10,
  KB: 2 ** 10,
  MB: 2 ** 20,
  GB: 2 ** 30,
  TB: 2 ** 40,
};

function millisecondsOf(text: string): number {
  return inUnits(text, TIME_UNITS, "a duration such as '7d'");
}

function bytesOf(text: string): number {
  return inUnits(text, SIZE_UNITS, "a size such as '100MB'");
}

function inUnits(text: string, units: Record<string, number>, what: string): number {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (number === undefined || factor === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', `'${text}' is not ${what}`);
  }
  return Math.round(Number(number) * factor);
}
