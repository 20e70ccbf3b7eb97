/**
 * What the server and an engine process say to each other. The server asks; the process answers each request once. Batches of a result and
 * rows of a source come in between, each only after the reader has given credit for it.
 */
import { z } from 'zod';
import type { ErrorCode } from '../../../errors.js';
import type { Filter } from '../../../expressions/index.js';
import type {
  ColumnRequest,
  EngineProfile,
  InstanceOptions,
  PlanOperator,
  QueryDescription,
  UnreadableFile,
} from '../contract.js';
import type { WireBatch } from './batches.js';
import type {
  WireDescribeOptions,
  WireParameters,
  WireScan,
  WireSchema,
  WireTable,
  WireWriteOptions,
} from './values.js';

/** A user's text, with what it takes for the session's time zone. Default: UTC. */
interface InTimeZone {
  timeZone?: string | undefined;
}

/** Each request by its name: what it takes and what is answered. */
export interface Requests {
  open: { takes: { options: Omit<InstanceOptions, 'principal'> }; gives: undefined };
  close: { takes: object; gives: undefined };
  parse: { takes: { sql: string }; gives: unknown };
  syntaxTree: { takes: { sql: string }; gives: unknown };
  describe: {
    takes: { sql: string; tables: WireTable[]; options: WireDescribeOptions } & InTimeZone;
    gives: { schema: WireSchema; parameters: WireSchema; types: QueryDescription['types'] };
  };
  demand: {
    takes: { sql: string; tables: WireTable[]; parameters?: WireParameters | undefined } & InTimeZone;
    gives: unknown[];
  };
  columnValues: { takes: { scan: WireScan; request: Omit<ColumnRequest, 'fetch'> }; gives: unknown };
  unreadable: { takes: { scan: WireScan }; gives: UnreadableFile[] };
  decode: { takes: { scan: WireScan; path: string }; gives: undefined };
  explain: {
    takes: { sql: string; scans: WireScan[]; analyze: boolean; parameters?: WireParameters | undefined } & InTimeZone;
    gives: PlanOperator;
  };
  run: { takes: WireRun; gives: WireSchema };
  write: {
    takes: { sql: string; scans: WireScan[]; options: WireWriteOptions; profile: boolean } & InTimeZone;
    gives: unknown[];
  };
}

export type RequestName = keyof Requests;

/** A query; its batches follow the answer, then `end` or `failure`. */
export interface WireRun extends InTimeZone {
  sql: string;
  scans: WireScan[];
  parameters?: WireParameters | undefined;
  schema?: WireSchema | undefined;
  batchBytes: number;
  /** Batches that may be on their way. */
  credit: number;
  progress: boolean;
  profile: boolean;
}

/** From the server. */
export type Command =
  | RequestCommand
  /** Ends a request early: it fails with CANCELLED, or has just ended. */
  | { kind: 'cancel'; id: number }
  /** A batch of a result has been read, and its memory is free. */
  | { kind: 'credit'; id: number }
  /** What a request missed is there. */
  | { kind: 'fetched'; id: number; failure?: WireError }
  /** Bytes that the process may use from now on. */
  | { kind: 'limit'; memory: number }
  | { kind: 'rows'; source: number; batch: WireBatch }
  | { kind: 'rowsEnd'; source: number; failure?: WireError };

export type RequestCommand = {
  [N in RequestName]: { kind: 'request'; name: N; id: number; instance: number; takes: Requests[N]['takes'] };
}[RequestName];

export interface WireError {
  code: ErrorCode;
  message: string;
  /** For the log, not for the client. */
  cause?: string | undefined;
}

const integer = z.number().int().nonnegative();
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const wireError = z.object({
  code: z.enum([
    'CANCELLED',
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'DEADLINE_EXCEEDED',
    'NOT_FOUND',
    'ALREADY_EXISTS',
    'PERMISSION_DENIED',
    'RESOURCE_EXHAUSTED',
    'FAILED_PRECONDITION',
    'ABORTED',
    'OUT_OF_RANGE',
    'UNIMPLEMENTED',
    'INTERNAL',
    'UNAVAILABLE',
    'DATA_LOSS',
    'UNAUTHENTICATED',
  ]),
  message: z.string(),
  cause: z.string().optional(),
});

const planOperator: z.ZodType<PlanOperator> = z.lazy(() =>
  z.object({
    operator: z.string(),
    table: z.string().optional(),
    details: z.record(z.string(), z.array(z.string())),
    estimatedRows: z.number().optional(),
    rows: z.number().optional(),
    seconds: z.number().optional(),
    children: z.array(planOperator),
  }),
);

const profile: z.ZodType<EngineProfile> = z.object({ plan: planOperator, spilledBytes: integer });

/** From an engine process, which ran what users wrote and may be broken: nothing it says is taken unchecked. */
export const report = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), sharesMemory: z.boolean() }),
  z.object({ kind: z.literal('answer'), id: integer, gives: z.unknown() }),
  z.object({ kind: z.literal('failure'), id: integer, error: wireError }),
  z.object({
    kind: z.literal('batch'),
    id: integer,
    batch: z.object({
      length: integer,
      nodes: z.array(integer),
      buffers: z.array(z.union([bytes, z.tuple([integer, integer])])),
    }),
  }),
  z.object({ kind: z.literal('end'), id: integer }),
  /** The request reads columns of files that are not there, and goes on once they are. */
  z.object({
    kind: z.literal('missing'),
    id: integer,
    files: z.array(z.object({ path: z.string(), columns: z.array(z.string()), allRowGroups: z.boolean().optional() })),
  }),
  z.object({ kind: z.literal('progress'), id: integer, done: z.number().min(0).max(1) }),
  /** What ran to its end for a request. */
  z.object({ kind: z.literal('profile'), id: integer, profile }),
  /** The rows before are no longer needed; the next are. */
  z.object({ kind: z.literal('pull'), source: integer }),
  /** Nobody reads the source any more. */
  z.object({ kind: z.literal('leave'), source: integer }),
  /** Since this request the engine may be broken; what runs may end, nothing new shall come. */
  z.object({ kind: z.literal('broken'), id: integer }),
]);

export type Report = z.output<typeof report>;

const literal = z.object({ type: z.string(), text: z.string() });

const filter: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.object({ op: z.enum(['and', 'or']), operands: z.array(filter) }),
    z.object({ op: z.literal('not'), operand: filter }),
    z.object({ op: z.enum(['eq', 'ne', 'lt', 'le', 'gt', 'ge']), column: z.string(), value: literal }),
    z.object({ op: z.literal('in'), column: z.string(), values: z.array(literal) }),
    z.object({ op: z.enum(['isNull', 'notNull']), column: z.string() }),
    z.object({ op: z.literal('startsWith'), column: z.string(), prefix: z.string() }),
  ]),
) as z.ZodType<Filter>;

/** -1 where the text has no such place. */
const place = z.number().int().min(-1);
const functionDefinition = z.object({
  name: z.string(),
  overloads: z.array(
    z.object({
      parameters: z.array(z.union([z.string(), z.object({ name: z.string(), type: z.string() })])),
      body: z.string(),
    }),
  ),
});
const position = { start: place, end: place };
const names = z.array(z.string());

/** What each answer has to look like. */
export const answers = {
  open: z.undefined(),
  close: z.undefined(),
  parse: z.object({
    tables: z.array(
      z.object({
        path: names,
        alias: z.string().optional(),
        scope: integer,
        ...position,
        at: z.object({ unit: z.enum(['version', 'timestamp']), text: z.string(), ...position }).optional(),
      }),
    ),
    qualifiedColumns: z.array(z.object({ path: names, ...position })),
    corrections: z.object({
      edits: z.array(z.object({ ...position, text: z.string() })),
      functions: z.array(functionDefinition.extend({ hides: z.enum(['columns', 'moments', 'bytes', 'operators']) })),
    }),
    parameterCount: integer,
    scopes: z.array(
      z.object({
        columns: z.array(names),
        stars: z.array(
          z.object({
            table: z.string().optional(),
            exclude: z.object({ kind: z.enum(['none', 'list', 'name', 'implicit']), ...position }),
          }),
        ),
        choices: z.array(z.string().nullable()),
        joinsNaturally: z.boolean(),
      }),
    ),
    isRowByRow: z.boolean(),
    rowLimit: integer.optional(),
  }),
  syntaxTree: z.looseObject({ type: z.string() }),
  describe: z.object({ schema: bytes, parameters: bytes, types: z.array(z.string().optional()) }),
  demand: z.array(
    z.looseObject({
      table: z.string(),
      columns: names,
      filter: filter.optional(),
      joins: z
        .array(
          z.object({
            column: z.string(),
            table: z.string(),
            tableColumn: z.string(),
            orNull: z.boolean().optional(),
          }),
        )
        .optional(),
      limit: z.number().nonnegative().optional(),
      skipsNulls: z.boolean().optional(),
      zonesDates: z.boolean().optional(),
    }),
  ),
  columnValues: z.union([z.object({ values: z.array(literal) }), z.object({ min: literal, max: literal })]).optional(),
  unreadable: z.array(z.object({ path: z.string(), reason: z.string() })),
  decode: z.undefined(),
  explain: planOperator,
  run: bytes,
  write: z.array(
    z.looseObject({
      path: z.string(),
      rowCount: integer,
      fileSize: integer,
      footerSize: integer,
      rowGroupOffsets: z.array(integer),
      partition: z.array(z.string().nullable()),
      columns: z.array(z.looseObject({ path: names, valueCount: integer, nullCount: integer, columnSize: integer })),
    }),
  ),
} satisfies Record<RequestName, z.ZodType>;
