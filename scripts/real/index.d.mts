export type Part = 'keycloak' | 'rustfs' | 'python' | 'jdbc' | 'grpcurl';

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
  token(clientId: string, username: string, password: string): Promise<string>;
  stop(): Promise<void>;
}

export interface RunningRustfs {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  stop(): Promise<void>;
}

export function startKeycloak(options: {
  realmFile: string;
  realm: string;
  logFolder: string;
}): Promise<RunningKeycloak>;
export function startRustfs(options: { buckets: string[]; logFolder: string }): Promise<RunningRustfs>;
export function startServer(
  name: string,
  command: string,
  args: string[],
  options: { log: string; cwd?: string; env?: Record<string, string>; grace?: number },
): RunningServer;
export function waitUntilReady(server: RunningServer, ready: () => Promise<boolean>, seconds: number): Promise<void>;
export function answersOk(url: string): Promise<boolean>;
export function freePort(): Promise<number>;
