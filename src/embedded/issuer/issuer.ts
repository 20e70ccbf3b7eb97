import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SkuaError } from '../../errors.js';
import { RequestLog } from '../http/request-log.js';
import { listen } from '../http/server.js';
import { readDocument, writeDocument } from '../persistence/atomic-file.js';
import { Authorization } from './authorization.js';
import { answerIssuer } from './endpoints.js';
import { createKey, KeyRing, restoreKey, type SigningAlgorithm, type StoredKey } from './keys.js';
import { type IssueOptions, tokenMaker } from './tokens.js';
import { DEFAULT_USERS, settleUser, type User, type UserSettings } from './users.js';

export interface IssuerOptions {
  /** Where keys and users are kept. Default: only in memory. */
  folder?: string;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Default `iceberg`. */
  realm?: string;
  /** The public client, which has no secret. Default `polaris-frontend-client`. */
  clientId?: string;
  /** Claim `aud`. Default `account`. */
  audience?: string;
  /** Default: those that the folder holds, else adminuser/adminuser123 and testuser/testuser123. */
  users?: readonly UserSettings[];
  /** One key each is made at the first start; the first one signs. Default RS256. */
  algorithms?: readonly SigningAlgorithm[];
  /** Life of an access token in seconds. Default 300. */
  lifetimeSeconds?: number;
  /** Life of a refresh token in seconds. Default 1800. */
  refreshLifetimeSeconds?: number;
}

/** An OpenID Connect issuer that speaks as one realm of Keycloak does. */
export interface Issuer {
  /** The claim `iss`: `http://127.0.0.1:<port>/realms/iceberg`. */
  issuer: string;
  jwksUrl: string;
  tokenUrl: string;
  clientId: string;
  audience: string;
  port: number;
  /** An access token as the password grant gives it. An unknown user: NOT_FOUND. */
  token(user: string, options?: Omit<IssueOptions, 'user'>): Promise<string>;
  /** A token with these claims over the usual ones; a claim given as `undefined` is left out. */
  issue(claims?: Record<string, unknown>, options?: IssueOptions): Promise<string>;
  /** A new signing key; the old ones verify on unless `keepOld` is false. Gives the new key's id. */
  rotate(options?: { algorithm?: SigningAlgorithm; keepOld?: boolean }): Promise<string>;
  readonly requests: RequestLog;
  close(): Promise<void>;
}

interface IssuerDocument {
  keys: StoredKey[];
  users: User[];
  /** Base64. */
  refreshSecret: string;
}

/** Starts an issuer. What its folder holds, keys and users, outlives a restart. */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const file = options.folder === undefined ? undefined : join(options.folder, 'issuer.json');
  if (options.folder !== undefined) await mkdir(options.folder, { recursive: true });
  const stored = file === undefined ? undefined : ((await readDocument(file)) as IssuerDocument | undefined);

  const keys = new KeyRing(
    await Promise.all(stored?.keys.map(restoreKey) ?? (options.algorithms ?? ['RS256']).map(createKey)),
  );
  const users = settleUsers(options.users, stored?.users);
  const refreshSecret = stored === undefined ? randomBytes(64) : Buffer.from(stored.refreshSecret, 'base64');
  const save = async () => {
    if (file === undefined) return;
    const document: IssuerDocument = {
      keys: keys.stored(),
      users: [...users.values()],
      refreshSecret: refreshSecret.toString('base64'),
    };
    await writeDocument(file, document);
  };
  await save();

  const realm = options.realm ?? 'iceberg';
  const realmPath = `/realms/${realm}`;
  const clientId = options.clientId ?? 'polaris-frontend-client';
  const audience = options.audience ?? 'account';
  const lifetimeSeconds = options.lifetimeSeconds ?? 300;
  const refreshLifetimeSeconds = options.refreshLifetimeSeconds ?? 1800;
  const requests = new RequestLog();

  // The issuer's name holds the port, which is known only once the server listens.
  let endpoints: Parameters<typeof answerIssuer>[1] | undefined;
  const server = await listen(
    async (request) => {
      requests.add({ method: request.method, path: request.path });
      return endpoints === undefined ? { status: 503 } : answerIssuer(request, endpoints);
    },
    { host: options.host, port: options.port },
  );
  const issuer = `${server.url}${realmPath}`;
  const tokens = tokenMaker(
    { issuer, realm, clientId, audience, lifetimeSeconds, refreshLifetimeSeconds, refreshSecret },
    keys,
  );
  const authorization = new Authorization(clientId, users);
  endpoints = {
    realmPath,
    issuer,
    clientId,
    lifetimeSeconds,
    refreshLifetimeSeconds,
    keys,
    users,
    tokens,
    authorization,
  };

  const issue = (claims: Record<string, unknown> = {}, issueOptions: IssueOptions = {}) => {
    const { user: name } = issueOptions;
    const subject = name === undefined ? undefined : users.get(name);
    if (name !== undefined && subject === undefined) {
      throw new SkuaError('NOT_FOUND', `the issuer has no user ${name}`);
    }
    return tokens.accessToken(claims, { ...issueOptions, ...(subject && { subject }) });
  };
  return {
    issuer,
    jwksUrl: `${issuer}/protocol/openid-connect/certs`,
    tokenUrl: `${issuer}/protocol/openid-connect/token`,
    clientId,
    audience,
    port: server.port,
    token: async (user, tokenOptions) => issue({}, { ...tokenOptions, user }),
    issue: async (claims, issueOptions) => issue(claims, issueOptions),
    async rotate(rotation = {}) {
      const { kid } = await keys.rotate(rotation);
      await save();
      return kid;
    },
    requests,
    close: () => server.close(),
  };
}

function settleUsers(settings: readonly UserSettings[] | undefined, stored: User[] | undefined): Map<string, User> {
  if (settings === undefined && stored !== undefined) return new Map(stored.map((user) => [user.name, user]));
  const known = new Map(stored?.map((user) => [user.name, user]));
  return new Map((settings ?? DEFAULT_USERS).map((user) => [user.name, settleUser(user, known.get(user.name))]));
}
