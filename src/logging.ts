import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { LoggingConfig } from './config/index.js';
import { SkuaError } from './errors.js';

export type { Logger };

/** Where such a property turns up, at the first two levels of an entry, its value is not written. */
const SECRET_PROPERTIES = [
  'token',
  'authorization',
  'cookie',
  'password',
  'secretAccessKey',
  'sessionToken',
  'headers',
];

/**
 * A structured logger: one JSON object a line, or lines for people. Entries go to standard error unless a destination is given, so that
 * standard output stays free for what a command prints.
 */
export function createLogger(config: LoggingConfig, destination?: DestinationStream): Logger {
  const isTerminal = destination === undefined && process.stderr.isTTY === true;
  const readable = config.format === 'pretty' || (config.format === 'auto' && isTerminal);
  const plain = destination ?? pino.destination({ fd: 2, sync: true });
  const stream = readable ? pretty({ destination: plain, ignore: 'pid,hostname', colorize: isTerminal }) : plain;
  return pino(
    {
      level: config.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_PROPERTIES.flatMap((name) => [name, `*.${name}`]), censor: '[not logged]' },
      serializers: { err: describeError, error: describeError },
    },
    stream,
  );
}

/** An error as a log entry: never its properties, which may quote a request. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const description: Record<string, unknown> = { type: error.name, message: error.message };
  if (error instanceof SkuaError) description.code = error.code;
  if (!(error instanceof SkuaError) || error.code === 'INTERNAL') description.stack = error.stack;
  if (error.cause !== undefined) description.cause = describeError(error.cause);
  return description;
}
