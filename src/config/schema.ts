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
  secretList,
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

/** Schemes of addresses of Flight. */
const GRPC = ['grpc:', 'grpc+tcp:', 'grpc+tls:'];

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
    GRPC,
  ).prefault([]),
  maxMetadataSize: size(8192, 'Largest metadata of one call; must hold the largest token.').prefault('64KiB'),
  maxMessageSize: size(65536, 'Largest message that a client may send.').prefault('64MiB'),
  resultCompression: choice(
    ['none', 'lz4', 'zstd'],
    'How record batches of results are compressed for clients that do not say it themselves in the header `skua-compression`. Pays where the network is slower than the processor; every client has to know the codec. `zstd` needs Node.js 22.15.',
  ).prefault('none'),
  drainTimeout: duration(
    { minimum: '0s', maximum: '1h' },
    'How long running statements may go on after SIGTERM.',
  ).prefault('30s'),
  drainNotice: duration(
    { minimum: '0s', maximum: '5m' },
    'How long calls are still taken after SIGTERM while clients and balancers are told to open another connection, so that none of them is refused. It ends as soon as they have left.',
  ).prefault('1s'),
  pidFile: path('File that holds the process id of the server while it runs, for `skua reload`.').optional(),
  maxConnectionAge: duration(
    { minimum: '10s', maximum: '30d' },
    'A gRPC connection that is older takes no new call, and its client opens another; calls under way go on for `drain_timeout`. Without it, connections live on. Of use behind a balancer.',
  ).optional(),
  maxConnectionIdle: duration(
    { minimum: '1s', maximum: '30d' },
    'A gRPC connection without a call for so long is closed.',
  ).prefault('1h'),
  tls: tls.prefault({}),
});

const mcp = z.strictObject({
  enabled: flag('Serves agents by the Model Context Protocol, at `/mcp`. They only read.').prefault(true),
  maxRows: integer(1, 10_000, 'Rows of one answer to an agent.').prefault(1000),
  maxAnswerSize: size(
    1024,
    'Values of one answer to an agent, as JSON; further rows are left out, and the answer says so.',
  ).prefault('256KiB'),
  maxScanSize: size(
    0,
    'Data files that a statement of an agent may plan to read; one that would read more is refused before it runs.',
  ).prefault('10GiB'),
});

const http = z.strictObject({
  enabled: flag('Listens for HTTP too: statements, health, metrics.').prefault(true),
  host: text('Address to listen on for HTTP.').prefault('127.0.0.1'),
  port: integer(
    0,
    65535,
    'Port to listen on for HTTP; 0 takes a free one. Without it, 50080, or a free one where that is taken.',
  ).optional(),
  allowPlaintext: flag(
    'Speaks plain HTTP although `server.tls` is set, or on an address that other machines can reach: tokens travel unencrypted unless something in front ends TLS.',
  ).prefault(false),
  allowedOrigins: urlList(
    'Origins, such as `https://tools.example.com`, of pages that may call the server from a browser. Without any, only its own pages may.',
    ['https:', 'http:'],
  ).prefault([]),
  console: flag('Serves the console for browsers, at `/console/`.').prefault(true),
  mcp: mcp.prefault({}),
  maxBodySize: size(65536, 'Largest body of a request over HTTP.').prefault('16MiB'),
  maxConnections: integer(1, 1_000_000, 'Connections over HTTP at the same time; more are closed at once.').prefault(
    10_000,
  ),
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
  consoleClientId: text(
    'Public client (without a secret) with which the console logs people in at this issuer, by the authorization code flow with PKCE. Its redirect URI is `/console/` on the HTTP listener. Without it, people paste a token.',
  ).optional(),
  consoleScope: text('Scopes that the console asks for.').prefault('openid'),
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
    'Where storage credentials come from: `vended` asks the catalog for short-lived ones, or for a signature of each request, `none` uses the static keys, `vended-or-static` asks and falls back to the static keys.',
  ).prefault('vended'),
  timeout: duration({ minimum: '1s', maximum: '10m' }, 'Longest wait for one answer of the catalog.').prefault('30s'),
  conditionalLoads: flag(
    "Asks for a table again only if its ETag changed. Right only for a catalog whose ETag also changes with the caller's rights and restrictions: where it stands for the table's metadata alone, a right that is withdrawn or granted would not be seen.",
  ).prefault(false),
  viewDialects: textList(
    'SQL dialects, such as `spark` or `trino`, of views that are run as they are written. Without any, only views in the dialects `duckdb` and `skua` are run: in another one the same text can mean something else. `*` is any dialect.',
  ).prefault([]),
  importLocations: textList(
    "Prefixes of locations, such as `s3://bucket/landing/`, from which `add_files` may take files into the catalog's tables. Without any, only those below a table's own location may.",
  ).prefault([]),
  scanPlanning: choice(
    ['client', 'server'],
    'Who plans the scans of tables whose catalog leaves that open: `server` asks the catalog, which may know more of its tables, and must offer it.',
  ).prefault('client'),
  reportMetrics: flag(
    "Reports scans and commits to a catalog that offers `POST …/metrics`, with the caller's token: which table, snapshot, columns and files, and filters without their values. A report delays no statement and fails none.",
  ).prefault(true),
  storage: z.strictObject(storeAccess).prefault({}),
});

const storage = z.strictObject({
  ...storeAccess,
  localRoots: pathList(
    'Folders that `file://` locations may lie in. Without any, tables on the local disk are refused.',
  ).prefault([]),
  allowedEndpoints: textList(
    'Hosts that a catalog may name for its store, for signed addresses and for its signer, as `host`, `host:port` or `*.domain`, besides those that the configuration names. Without any, all hosts but metadata services and link-local addresses, and the machine itself where nothing that is configured is on it.',
  ).optional(),
  cacheDirectory: path(
    'Folder for cached byte ranges. Without it, a temporary folder that is removed at the end.',
  ).optional(),
  journalDirectory: path(
    'Folder for the journal of what is written and not committed yet, by which the files of a server that was killed are removed; servers of one user can share it. It should outlive a restart. Without it, a folder of the user next to the cache.',
  ).optional(),
  cacheSize: size(0, 'Largest size of the cached byte ranges on disk.').prefault('10GiB'),
  decodedSize: size(
    0,
    "How much of `cache_size`, at most half of it, may hold columns that are read again and again, in the engine's own format. `0`: none are kept so.",
  ).prefault('5GiB'),
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

const otherEngine = z.strictObject({
  kind: choice(['spark-connect'], 'What is spoken to it: `spark-connect`, as Apache Spark 4 does.'),
  endpoint: url('Where the cluster listens, `sc://host:port`; port 15002 where none is named.', ['sc:']),
  tls: flag('Speaks TLS with the cluster, which is handed the tokens of its users.').prefault(true),
  certificateAuthorities: path(
    'PEM file with the authorities that the certificate of the cluster may come from. Without it, those of the system.',
  ).optional(),
  allowPlaintext: flag('Speaks without TLS with a cluster on another machine: tokens travel unencrypted.').prefault(
    false,
  ),
  sendToken: flag(
    "Sends the caller's token in the `authorization` header of every call, for a cluster that asks for it.",
  ).prefault(false),
  minScanSize: size(
    1,
    'A query that plans to read at least so many bytes of data files runs there, if it can. Without it, none goes there for that.',
  ).optional(),
  afterOutOfMemory: flag(
    'A query that runs out of memory here before its first rows are out is run again there, if it can.',
  ).prefault(true),
  catalogProperties: textList(
    'Properties, each `name=value`, that the catalogs of the cluster are given besides those that come from `catalogs`, such as `io-impl=org.apache.iceberg.aws.s3.S3FileIO`. No credentials: every session there could read them.',
  ).prefault([]),
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
  refusedTokens: integer(
    1,
    unbounded,
    'Tokens from one address in a minute whose refusal is answered at once; the refusal of further ones is answered a second later. Good tokens are never held up.',
  ).prefault(3000),
  ticketLifetime: duration({ minimum: '1s', maximum: '1d' }, 'How long a ticket can be redeemed.').prefault('15m'),
  planLifetime: duration(
    { minimum: '0s', maximum: '1m' },
    'How long what one call planned of a statement serves the next call of the same statement: Prepare, GetFlightInfo, DoGet. `0s` plans at each call.',
  ).prefault('3s'),
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

const observe = z.strictObject({
  operatorRoles: textList(
    'Roles, as `roles_claim` lists them, whose holders see what all principals do, and may stop it. Without any, everybody sees only what is their own.',
  ).prefault([]),
  historySize: integer(0, 100_000, 'Ended statements that `system.runtime.queries` remembers.').prefault(1000),
  historyFile: path(
    'File that keeps them, with their texts, beyond the end of the server. Without it, they are kept in memory alone.',
  ).optional(),
  metrics: choice(
    ['everybody', 'operators'],
    'Who may read `/metrics`: everybody who can reach the HTTP listener, or only operators, with their token.',
  ).prefault('everybody'),
});

const audit = z.strictObject({
  output: choice(
    ['off', 'file', 'stdout'],
    'Where the audit log goes, a JSON object for each statement and each refused token: to a file that rotates, or to standard output for whoever collects that.',
  ).prefault('off'),
  file: path('The file, where `output` is `file`. Readable by the user of the server alone.').optional(),
  maxFileSize: size(65536, 'Size at which the file is put aside as `.1`, the one before as `.2`, and so on.').prefault(
    '64MiB',
  ),
  maxFiles: integer(0, 1000, 'Files that are kept besides the one that is written.').prefault(9),
  literals: flag(
    'Writes texts and error sentences as they are. Without it, every literal of a text is a `?`.',
  ).prefault(false),
});

const lineage = z.strictObject({
  url: url(
    'Where OpenLineage events of statements that touched tables are sent to, such as `https://marquez.example.com/api/v1/lineage`.',
  ).optional(),
  apiKey: secret('Sent to that address as bearer token.').optional(),
  file: path('File that the events are written to, a JSON object a line.').optional(),
  namespace: text('Namespace of the jobs in the events.').prefault('skua'),
});

const traces = z.strictObject({
  url: url(
    'Where OpenTelemetry traces are sent to, by OTLP over HTTP, such as `https://collector.example.com:4318/v1/traces`. Without it, none are made.',
  ).optional(),
  apiKey: secret('Sent to that address as bearer token.').optional(),
  serviceName: text('`service.name` of the spans.').prefault('skua'),
  samplePercent: integer(
    0,
    100,
    'How many of the calls are recorded whose clients name no trace. Of others, the client says whether they are.',
  ).prefault(100),
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
  previousKeys: secretList(
    'Keys that signed tickets before, newest first: what they signed is still taken, and nothing more is signed with them. To change the key, put the old one here until `limits.ticket_lifetime` is over.',
    32,
  ).prefault([]),
});

const cluster = z.strictObject({
  address: url(
    'Where clients and the other servers reach this one, such as `grpc+tls://skua-0.skua:50051`. Needed for all else here.',
    GRPC,
  ).optional(),
  servers: urlList('Addresses of all servers; this one may be among them.', GRPC).prefault([]),
  discover: url(
    'A URL whose host name has one address for each server, as a headless Service of Kubernetes has: `grpc://skua-headless:50051`.',
    GRPC,
  ).optional(),
  ca: path(
    'PEM file with the authorities that the certificates of the other servers are checked against, instead of those of the system. Where they ask for a client certificate (`server.tls.client_ca`), this server shows its own.',
  ).optional(),
  divideFrom: size(
    0,
    'Queries that take each row of one table by itself are divided among the servers where the data files of the table hold so much: clients get an endpoint at each.',
  ).prefault('64MiB'),
});

export const configSchema = z.strictObject({
  server: server.prefault({}),
  http: http.prefault({}),
  auth: z.array(auth).prefault([]),
  catalogs: z.record(z.string(), catalog).prefault({}),
  storage: storage.prefault({}),
  engine: engine.prefault({}),
  engines: z.record(z.string(), otherEngine).prefault({}),
  limits: limits.prefault({}),
  logging: logging.prefault({}),
  observe: observe.prefault({}),
  audit: audit.prefault({}),
  lineage: lineage.prefault({}),
  traces: traces.prefault({}),
  default: defaults.prefault({}),
  tickets: tickets.prefault({}),
  cluster: cluster.prefault({}),
});

/** The whole configuration. Sizes are bytes, durations milliseconds, dotted paths lists of names, paths absolute. */
export type Config = z.output<typeof configSchema>;
export type AuthConfig = Config['auth'][number];
export type CatalogConfig = Config['catalogs'][string];
export type EngineConfig = Config['engines'][string];
export type LoggingConfig = Config['logging'];
