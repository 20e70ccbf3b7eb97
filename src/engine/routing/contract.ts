/** What routing asks of a cluster that other statements than the local engine's can run on. */
import type { Schema } from 'apache-arrow';
import type { BoundStatement, ParameterRow, ResultStream, RunOptions, SyntaxNode } from '../contract.js';

export interface Cluster {
  /** As it is configured. */
  readonly name: string;
  /** A place for the statements of one session. */
  open(): ClusterPlace;
  close(): Promise<void>;
}

export interface ClusterPlace {
  /** The statement as the cluster runs it; or what stands in the way, in words that follow "can't run there: ". */
  query(statement: BoundStatement, options: QueryOptions): ClusterQuery | string;
  close(): Promise<void>;
}

export interface QueryOptions extends Pick<RunOptions, 'signal' | 'batchBytes' | 'onProgress'> {
  /** Of the statement's text. */
  tree: SyntaxNode;
  parameters?: ParameterRow | undefined;
  /** What the columns have been announced as. */
  schema: Schema;
  caller: ClusterCaller;
}

export interface ClusterCaller {
  /** What the cluster calls the user. */
  user: string;
  /** Value of the `authorization` header: `Bearer …`. */
  authorization: string;
}

export interface ClusterQuery {
  /** Starts it; comes back with the first rows. UNIMPLEMENTED: the cluster does not understand it after all. */
  run(): Promise<ResultStream>;
  /** The cluster's own plan, in lines. */
  explain(): Promise<string>;
}
