/** Every key of the configuration. Names here are camel case; the file writes them in snake case. */
import { z } from 'zod';
import {
  choice,
  choiceList,
  dottedPath,
  duration,
  flag,
  integer,
  path,
  pathList,
  secret,
  size,
  text,
  textList,
  url,
  urlList,
} from './keys.js';

/** JWS algorithms with a public key (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const unbounded = Number.MAX_SAFE_INTEGER;

const tls = z.strictObject({
  certificate: path('PEM file with the server certificate and its chain.').optional(),
  key: path('PEM file with the private key of the certificate.').optional(),
  clientCa: path('PEM file with the authorities whose client certificates are required of every client.').optional(),
});

const server = z.strictObject({
  host: text('Address to listen on.').prefault('127.0.0.1'),
  port: integer(0, 65535, 'Port to listen on; 0 takes a free one.').prefault(50051),
  allowPlaintext: flag(
    'Listens without TLS on an address that other machines can reach: tokens travel unencrypted unless something in front ends TLS.',
  ).prefault(false),
  locations: urlList(
    'Addresses of this server that are put into every flight endpoint. Without any, clients keep using the connection they have, which is right unless another server shall serve the data.',
    ['grpc:', 'grpc+tcp:', 'grpc+tls:'],
  ).prefault([]),
  maxMetadataSize: size(8192, 'Largest metadata of one call; must hold the largest token.').prefault('64KiB'),
  maxMessageSize: size(65536, 'Largest message that a client may send.').prefault('64MiB'),
  drainTimeout: duration(
    { minimum: '0s', maximum: '1h' },
    'How long running statements may go on after SIGTERM.',
  ).prefault('30s'),
  tls: tls.prefault({}),
});

const auth = z.strictObject({
  issuer: url('The `iss` of the tokens, exactly as they carry it.'),
  jwksUrl: url(
    'Where the public keys are. Without it, the discovery document of the issuer says so (`<issuer>/.well-known/openid-configuration`).',
  ).optional(),
  audience: textList('A token must carry one of these in `aud`.').prefault([]),
  algorithms: choiceList(ALGORITHMS, 'Signature algorithms that are accepted.').prefault([...ALGORITHMS]),
  leeway: duration(
    { minimum: '0s', maximum: '5m' },
    'Difference between the clocks of issuer and server that is tolerated in `exp` and `nbf`.',
  ).prefault('5s'),
  userClaim: dottedPath('The claim that names the user. Without it, `sub`.').optional(),
  rolesClaim: dottedPath(
    'The claim that lists the roles: an array of strings, or one string separated by spaces.',
  ).optional(),
  jwksMaxAge: duration(
    { minimum: '1s', maximum: '1d' },
    'Age at which the public keys are fetched again, or a little before where they are in use. While the issuer is down or does not answer, the old ones serve.',
  ).prefault('10m'),
  jwksCooldown: duration(
    { minimum: '1s', maximum: '1h' },
    'Shortest time between two fetches that are caused by tokens with unknown keys.',
  ).prefault('30s'),
  allowInsecureJwks: flag(
    'Fetches the public keys over plain http: whoever can change that traffic can forge tokens.',
  ).prefault(false),
  allowAnyAudience: flag('Accepts tokens that were issued for other services, or for none.').prefault(false),
});

const storeAccess = {
  endpoint: url("URL of the S3 store. Where the catalog names one, the catalog's is used.").optional(),
  region: text("Region of the S3 store. Where the catalog names one, the catalog's is used.").optional(),
  pathStyle: flag(
    "Addresses buckets by path, `endpoint/bucket/key`. Where the catalog says, the catalog's word counts.",
  ).optional(),
  accessKeyId: secret(
    'Static access key, used only where `credential_delegation` is `none`, or `vended-or-static` and nothing was vended.',
  ).optional(),
  secretAccessKey: secret('Secret of the static access key.').optional(),
  allowedLocations: textList(
    'Prefixes of the locations that the static access key is used for, such as `s3://bucket/warehouse`. Without any, it is used for whatever a table names.',
  ).optional(),
};

const catalog = z.strictObject({
  uri: url('Base URL of the Iceberg REST catalog, the part before `/v1`.'),
  warehouse: text('Warehouse that is asked for, where the catalog has several.').optional(),
  credentialDelegation: choice(
    ['vended', 'none', 'vended-or-static'],
    'Where storage credentials come from: `vended` asks the catalog for short-lived ones, `none` uses the static keys, `vended-or-static` asks and falls back to the static keys.',
  ).prefault('vended'),
  timeout: duration({ minimum: '1s', maximum: '10m' }, 'Longest wait for one answer of the catalog.').prefault('30s'),
  conditionalLoads: flag(
    "Asks for a table again only if its ETag changed. Right only for a catalog whose ETag also changes with the caller's rights and restrictions: where it stands for the table's metadata alone, a right that is withdrawn or granted would not be seen.",
  ).prefault(false),
  viewDialects: textList(
    'SQL dialects, such as `spark` or `trino`, of views that are run as they are written. Without any, only views in the dialects `duckdb` and `skua` are run: in another one the same text can mean something else. `*` is any dialect.',
  ).prefault([]),
  storage: z.strictObject(storeAccess).prefault({}),
});

const storage = z.strictObject({
  ...storeAccess,
  localRoots: pathList(
    'Folders that `file://` locations may lie in. Without any, tables on the local disk are refused.',
  ).prefault([]),
  cacheDirectory: path(
    'Folder for cached byte ranges. Without it, a temporary folder that is removed at the end.',
  ).optional(),
  cacheSize: size(0, 'Largest size of the cached byte ranges on disk.').prefault('10GiB'),
  mergeGap: size(
    0,
    'Bytes that are rather fetched along than left out by a request more: gaps between wanted ranges of a file, and what is not wanted of a file of at most this size.',
  ).prefault('128KiB'),
});

const engine = z.strictObject({
  processes: integer(
    1,
    256,
    'Processes that run the SQL, with the sessions spread over them. Without it, one for each processor, at most 4.',
  ).optional(),
  isolation: choice(
    ['shared', 'principal'],
    '`shared` spreads the sessions of all principals over the processes; `principal` gives each principal a process of its own, started on demand and ended when it is idle.',
  ).prefault('shared'),
});

const limits = z.strictObject({
  concurrentStatements: integer(
    1,
    10_000,
    'Statements that run at the same time; one more waits until another ends, those of the principal with the fewest running ones first.',
  ).prefault(64),
  concurrentStatementsPerPrincipal: integer(
    1,
    10_000,
    'Those of one principal. Without it, three quarters of `concurrent_statements`, so that one principal never has all places.',
  ).optional(),
  queueTimeout: duration(
    { minimum: '0s', maximum: '1h' },
    'A statement that waits longer for others to end is refused with RESOURCE_EXHAUSTED; `0s` refuses it at once.',
  ).prefault('30s'),
  statementSize: size(
    1024,
    'Longest text of a statement, and of the views that it reads together; a longer one is refused with INVALID_ARGUMENT.',
  ).prefault('1MiB'),
  statementTimeout: duration(
    { minimum: '1s', maximum: '7d' },
    'A statement that runs longer ends with DEADLINE_EXCEEDED.',
  ).prefault('30m'),
  uploadIdleTimeout: duration(
    { minimum: '1s', maximum: '1d' },
    'A client that sends nothing in the middle of an upload (DoPut) for so long ends it with DEADLINE_EXCEEDED. An upload counts as a statement from its first message on.',
  ).prefault('2m'),
  memory: size(
    2 ** 29,
    'Memory that the whole server may use; a statement that asks for more ends with RESOURCE_EXHAUSTED. Without it, four fifths of what the machine or container has, and at least 2 GiB.',
  ).optional(),
  memoryPerSession: size(
    2 ** 25,
    'Memory that the engine of one session may use before it spills to disk or refuses. Less where so many sessions are at work that `limits.memory` is not enough for all.',
  ).prefault('1GiB'),
  spillPerSession: size(
    0,
    'Disk space that the engine of one session may fill with what does not fit in its memory, next to the cache.',
  ).prefault('20GiB'),
  threads: integer(1, 1024, 'Threads for one query. Without it, the number of processors.').optional(),
  resultBatchSize: size(
    4096,
    'About the size of one record batch of a result. Some clients refuse messages over 4 MiB.',
  ).prefault('1MiB'),
  resultRows: integer(
    1,
    unbounded,
    'A result with more rows ends with RESOURCE_EXHAUSTED. Without it, there is no limit.',
  ).optional(),
  sessions: integer(1, 1_000_000, 'Sessions of all principals together.').prefault(1000),
  sessionsPerPrincipal: integer(
    1,
    100_000,
    'Sessions of one principal; the longest idle one makes room for a new one.',
  ).prefault(32),
  sessionIdleTimeout: duration({ minimum: '1s', maximum: '7d' }, 'An unused session ends after this time.').prefault(
    '30m',
  ),
  preparedStatementIdleTimeout: duration(
    { minimum: '1s', maximum: '7d' },
    'An unused prepared statement is closed after this time.',
  ).prefault('30m'),
  pollTimeout: duration(
    { minimum: '1s', maximum: '1h' },
    'A statement that PollFlightInfo started ends when it is neither polled nor fetched for this time.',
  ).prefault('1m'),
  ticketLifetime: duration({ minimum: '1s', maximum: '1d' }, 'How long a ticket can be redeemed.').prefault('15m'),
});

const logging = z.strictObject({
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'Least severe entry that is written.').prefault(
    'info',
  ),
  format: choice(
    ['auto', 'json', 'pretty'],
    '`json` is one object a line; `auto` is `pretty` on a terminal and `json` elsewhere.',
  ).prefault('auto'),
});

const defaults = z.strictObject({
  catalog: text('Catalog of a new session.').optional(),
  schema: dottedPath('Schema of a new session, in `default.catalog`.').optional(),
});

const tickets = z.strictObject({
  key: secret(
    'Key that signs tickets. Without it, a random one at each start; several servers behind one address need the same.',
    32,
  ).optional(),
});

export const configSchema = z.strictObject({
  server: server.prefault({}),
  auth: z.array(auth).prefault([]),
  catalogs: z.record(z.string(), catalog).prefault({}),
  storage: storage.prefault({}),
  engine: engine.prefault({}),
  limits: limits.prefault({}),
  logging: logging.prefault({}),
  default: defaults.prefault({}),
  tickets: tickets.prefault({}),
});

/** The whole configuration. Sizes are bytes, durations milliseconds, dotted paths lists of names, paths absolute. */
export type Config = z.output<typeof configSchema>;
export type ServerConfig = Config['server'];
export type AuthConfig = Config['auth'][number];
export type CatalogConfig = Config['catalogs'][string];
export type StorageConfig = Config['storage'];
export type LimitsConfig = Config['limits'];
export type LoggingConfig = Config['logging'];
