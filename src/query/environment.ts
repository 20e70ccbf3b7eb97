/** What the query room needs of the house; the server puts it together once. */
import type { Catalog } from '../catalog/contract.js';
import type { EngineSession } from '../engine/contract.js';
import type { StatementSalt } from '../governance/index.js';
import type { MetadataCache } from '../iceberg/index.js';
import type { Journal, Storage, StorageAccess } from '../storage/index.js';
import type { Turns } from './committing/turns.js';
import type { Call } from './contract.js';
import type { WrittenQueries } from './lineage/written-queries.js';
import type { ListedTable, RowsTable } from './rows.js';
import type { SystemSource } from './system/contract.js';
import type { NameContext } from './tables/names.js';
import type { Transaction } from './tables/transaction.js';

export interface QueryEnvironment {
  /** By configured name. */
  catalogs: ReadonlyMap<string, Catalog>;
  /** SQL dialects of views that are run although they are not understood, by catalog. */
  viewDialects: ReadonlyMap<string, readonly string[]>;
  /** Prefixes of locations from which files may be taken into tables, by catalog. */
  importLocations: ReadonlyMap<string, readonly string[]>;
  /** The session's own place in the engine, opened on first use. */
  engine(call: Call): Promise<EngineSession>;
  /** Names of the engines: `local`, and those of the configuration. */
  engines: readonly string[];
  openStorage(access: StorageAccess): Storage;
  metadataCache: MetadataCache;
  /** Those who commit to the same table. */
  turns: Turns;
  /** Of what is written and not committed. */
  journal: Journal;
  limits: QueryLimits;
  /** Somebody asks what the columns that statements write are made of. */
  tracesColumns: boolean;
  /** What `system.runtime` shows, where there is one. */
  system?: SystemSource | undefined;
  /** Puts into the log what an operator may have to mend. Never tokens, credentials or SQL text. */
  warn(details: Record<string, unknown>, sentence: string): void;
}

export interface QueryLimits {
  /** Bytes of the text of one statement; the views that it reads may have as many together. */
  statementBytes: number;
  /** Bytes of one streamed batch. */
  batchBytes: number;
  /** Bytes of one written data file. */
  targetFileSize: number;
  /** Bytes of rows of an ingest that the engine holds at a time. */
  portionBytes: number;
  /** Bytes of a session's temporary tables. */
  temporaryBytes: number;
  /** Milliseconds for which a statement's plan waits for the statement's next call; 0 keeps none. */
  planLifetime: number;
}

/** Finds the listed table that a path means; undefined for paths that are not its own. */
export type SystemSchema = (
  context: StatementContext,
  names: NameContext,
  path: readonly string[],
) => ListedTable | undefined;

/** One statement on its way. */
export interface StatementContext {
  environment: QueryEnvironment;
  call: Call;
  /** `information_schema`, which lists what views answer with, and so can't be known to those who bind them. */
  informationSchema: SystemSchema;
  /** The rows of a DESCRIBE or SHOW that stands in a FROM clause. */
  shown: (context: StatementContext, sql: string) => Promise<RowsTable>;
  /** Of hashes that are to be the same throughout the statement, and in no other. */
  salt: StatementSalt;
  /** The transaction that the statement is part of. */
  transaction: Transaction | undefined;
  /** Filled with what the statement writes, where somebody asks what that is made of. */
  written: WrittenQueries | undefined;
  /** Of a change that must happen once. */
  executionId?: string | undefined;
}
