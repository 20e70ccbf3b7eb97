import type { S3Client } from '@aws-sdk/client-s3';

export type Part =
  | 'keycloak'
  | 'rustfs'
  | 'python'
  | 'duckdb'
  | 'jdbc'
  | 'grpcurl'
  | 'go'
  | 'goExample'
  | 'dbt'
  | 'sqlalchemy'
  | 'chromium'
  | 'nginx'
  | 'spark'
  | 'compose';

/** A path, or the reason why there is none. */
export interface Found {
  path?: string;
  missing?: string;
}

export const parts: Record<Part, { title: string; find(): Found; install(): string }>;

export const repository: string;

export interface RunningServer {
  name: string;
  log: string;
  pid: number | undefined;
  ended(): string | undefined;
  stop(): Promise<void>;
}

export interface RunningKeycloak {
  address: string;
  issuer: string;
  jwksUrl: string;
  stop(): Promise<void>;
}

export interface S3Store {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface RunningRustfs extends S3Store {
  stop(): Promise<void>;
}

export function startKeycloak(options: {
  realmFile: string;
  realm: string;
  logFolder: string;
  port?: number;
}): Promise<RunningKeycloak>;
export function startBalancer(
  ports: readonly number[],
): Promise<{ port: number; errors(): string[]; stop(): Promise<void> }>;
export function startRustfs(options: { logFolder: string; port?: number; bucket?: string }): Promise<RunningRustfs>;
export function storeClient(store: S3Store): Promise<S3Client>;
export function storageSettings(store: Pick<S3Store, 'accessKeyId' | 'secretAccessKey'>): string;
export function storageProperties(store: S3Store): Record<string, string>;
export function startSpark(options: {
  logFolder: string;
  port?: number;
}): Promise<{ endpoint: string; stop(): Promise<void> }>;
export function startServer(
  name: string,
  command: string,
  args: string[],
  options: { log: string; cwd?: string; env?: Record<string, string>; grace?: number },
): RunningServer;
export function waitUntilReady(server: RunningServer, ready: () => Promise<boolean>, seconds: number): Promise<void>;
export function answersOk(url: string): Promise<boolean>;
export function freePort(): Promise<number>;
export function passwordGrant(issuer: string, clientId: string, username: string, password: string): Promise<string>;

export interface RunningQuickstart {
  /** `host:port` of Skua. */
  address: string;
  keycloak: string;
  store: S3Store;
  catalog: string;
  /** A fresh token of one of the realm's users. */
  token(user: 'adminuser' | 'testuser'): Promise<string>;
  stop(): Promise<void>;
}

/** The quickstart's servers as processes of this machine. */
export function startQuickstart(options: { logFolder: string; polaris?: string }): Promise<RunningQuickstart>;
