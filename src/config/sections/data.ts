/** Whose tokens are taken, and where tables and their files are. */
import { z } from 'zod';
import {
  choice,
  choiceList,
  dottedPath,
  duration,
  flag,
  path,
  pathList,
  secret,
  size,
  text,
  textList,
  url,
} from '../keys.js';

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

export const auth = z.strictObject({
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

export const catalog = z.strictObject({
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

export const storage = z.strictObject({
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
  portionSize: size(
    2 ** 10,
    'Where the rows of a query can be given file by file and more than half of this is yet to be fetched, it is fetched in portions while the query runs: a sixteenth of this at first, so that the first rows come soon, and up to so many bytes at once.',
  ).prefault('128MiB'),
});

export const defaults = z.strictObject({
  catalog: text('Catalog of a new session.').optional(),
  schema: dottedPath('Schema of a new session, in `default.catalog`.').optional(),
});
