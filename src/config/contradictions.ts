/** Settings that are valid one by one and make no sense, or are dangerous, together. */
import { isIP } from 'node:net';
import * as zlib from 'node:zlib';
import type { ConfigProblem } from './error.js';
import type { AuthConfig, Config } from './schema.js';
import { showPath } from './shape.js';

export function findContradictions(config: Config): ConfigProblem[] {
  return [
    ...serverProblems(config),
    ...clusterProblems(config),
    ...httpProblems(config),
    ...auditProblems(config),
    ...authProblems(config.auth),
    ...storageProblems(config),
    ...engineProblems(config),
    ...nameProblems(config),
  ];
}

function serverProblems({ server }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { certificate, key, clientCa } = server.tls;
  const hasTls = certificate !== undefined;
  if (key !== undefined && !hasTls) {
    problems.push({ key: 'server.tls.key', message: 'is set without server.tls.certificate; TLS needs both.' });
  }
  if (hasTls && key === undefined) {
    problems.push({ key: 'server.tls.certificate', message: 'is set without server.tls.key; TLS needs both.' });
  }
  if (clientCa !== undefined && !hasTls) {
    problems.push({
      key: 'server.tls.client_ca',
      message: 'is set without server.tls.certificate; client certificates are checked only with TLS.',
    });
  }
  if (server.resultCompression === 'zstd' && !('zstdCompress' in zlib)) {
    problems.push({
      key: 'server.result_compression',
      message: '"zstd" needs Node.js 22.15 or later; "lz4" does not.',
    });
  }
  if (hasTls && server.allowPlaintext) {
    problems.push({
      key: 'server.allow_plaintext',
      message: 'is true although server.tls.certificate is set; drop one of them.',
    });
  }
  if (!hasTls && !server.allowPlaintext && !isLoopback(server.host)) {
    problems.push({
      key: 'server.host',
      message: `"${server.host}" can be reached from other machines, and without TLS tokens would travel unencrypted. Set server.tls.certificate and server.tls.key, or server.allow_plaintext = true where something in front ends TLS.`,
    });
  }
  for (const [index, location] of server.locations.entries()) {
    const key = showPath(['server', 'locations', index]);
    const saysTls = location.startsWith('grpc+tls:');
    if (hasTls && !saysTls)
      problems.push({ key, message: 'must begin with grpc+tls://, since this server speaks TLS.' });
    if (!hasTls && saysTls && !server.allowPlaintext) {
      problems.push({ key, message: 'must begin with grpc:// or grpc+tcp://, since this server speaks no TLS.' });
    }
  }
  return problems;
}

function clusterProblems({ cluster, server, tickets }: Config): ConfigProblem[] {
  const { address, servers, discover } = cluster;
  if (address === undefined) {
    const isMeant = servers.length > 0 || discover !== undefined;
    return isMeant
      ? [
          {
            key: 'cluster.address',
            message: 'is required where other servers are named: they and clients reach this one by it.',
          },
        ]
      : [];
  }
  const problems: ConfigProblem[] = [];
  if (tickets.key === undefined) {
    problems.push({
      key: 'tickets.key',
      message: 'is required with cluster.address: servers take the tickets of each other.',
    });
  }
  const hasTls = server.tls.certificate !== undefined;
  if (hasTls !== address.startsWith('grpc+tls:') && !(server.allowPlaintext && !hasTls)) {
    const message = hasTls
      ? 'must begin with grpc+tls://, since this server speaks TLS.'
      : 'must begin with grpc:// or grpc+tcp://, since this server speaks no TLS.';
    problems.push({ key: 'cluster.address', message });
  }
  return problems;
}

function auditProblems({ audit }: Config): ConfigProblem[] {
  if (audit.output === 'file' && audit.file === undefined) {
    return [{ key: 'audit.file', message: 'is required, since audit.output is "file".' }];
  }
  if (audit.output !== 'file' && audit.file !== undefined) {
    return [{ key: 'audit.file', message: `is set although audit.output is "${audit.output}".` }];
  }
  return [];
}

function httpProblems({ server, http }: Config): ConfigProblem[] {
  const hasTls = server.tls.certificate !== undefined;
  if (!http.enabled || hasTls || http.allowPlaintext || isLoopback(http.host)) return [];
  return [
    {
      key: 'http.host',
      message: `"${http.host}" can be reached from other machines, and without TLS tokens would travel unencrypted. Set server.tls.certificate and server.tls.key, or http.allow_plaintext = true where something in front ends TLS.`,
    },
  ];
}

function authProblems(auth: readonly AuthConfig[]): ConfigProblem[] {
  if (auth.length === 0) {
    return [
      { key: 'auth', message: 'at least one [[auth]] table is needed: its issuer says whose tokens are accepted.' },
    ];
  }
  const problems: ConfigProblem[] = [];
  const seen = new Map<string, number>();
  for (const [index, entry] of auth.entries()) {
    const at = (name: string) => showPath(['auth', index, name]);
    const first = seen.get(entry.issuer);
    if (first !== undefined)
      problems.push({
        key: at('issuer'),
        message: `is the same as auth[${first}].issuer; an issuer can be configured once.`,
      });
    seen.set(entry.issuer, first ?? index);
    if (entry.audience.length === 0 && !entry.allowAnyAudience) {
      problems.push({
        key: at('audience'),
        message:
          'is required: the audience that tokens for this server carry. (allow_any_audience = true accepts tokens made for other services.)',
      });
    }
    if (entry.audience.length > 0 && entry.allowAnyAudience) {
      problems.push({ key: at('allow_any_audience'), message: 'is true although audience is set; drop one of them.' });
    }
    const source = entry.jwksUrl === undefined ? 'issuer' : 'jwks_url';
    if ((entry.jwksUrl ?? entry.issuer).startsWith('http:') && !entry.allowInsecureJwks) {
      problems.push({
        key: at(source),
        message:
          'must begin with https://, since the public keys are fetched from there. (allow_insecure_jwks = true fetches them over plain http.)',
      });
    }
  }
  return problems;
}

function storageProblems(config: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const catalogs = Object.entries(config.catalogs);
  if (catalogs.length === 0) {
    problems.push({
      key: 'catalogs',
      message: 'at least one [catalogs.NAME] table is needed: its uri says where the catalog is.',
    });
  }
  for (const [name, catalog] of catalogs) {
    const path = ['catalogs', name, 'storage'];
    problems.push(...halfKeys(catalog.storage, path));
    if (catalog.credentialDelegation === 'vended' && hasKeys(catalog.storage)) problems.push(unusedKeys(path));
  }
  problems.push(...halfKeys(config.storage, ['storage']));
  const allVended = catalogs.length > 0 && catalogs.every(([, catalog]) => catalog.credentialDelegation === 'vended');
  if (allVended && hasKeys(config.storage)) problems.push(unusedKeys(['storage']));
  return problems;
}

interface StaticKeys {
  accessKeyId?: string | undefined;
  secretAccessKey?: string | undefined;
}

function hasKeys(keys: StaticKeys): boolean {
  return keys.accessKeyId !== undefined || keys.secretAccessKey !== undefined;
}

function halfKeys(keys: StaticKeys, path: string[]): ConfigProblem[] {
  if ((keys.accessKeyId === undefined) === (keys.secretAccessKey === undefined)) return [];
  const [set, missing] =
    keys.accessKeyId === undefined ? ['secret_access_key', 'access_key_id'] : ['access_key_id', 'secret_access_key'];
  return [{ key: showPath([...path, set]), message: `is set without ${showPath([...path, missing])}.` }];
}

function unusedKeys(path: string[]): ConfigProblem {
  return {
    key: showPath([...path, 'access_key_id']),
    message:
      'would never be used, since credential_delegation is "vended". Drop the key, or set "none" or "vended-or-static".',
  };
}

/** Names of properties that are credentials, or that say who may use them. */
const CREDENTIAL = /secret|token|password|credential|access-key|^header\.authorization/i;

function engineProblems({ engines }: Config): ConfigProblem[] {
  return Object.entries(engines).flatMap(([name, { endpoint, tls, allowPlaintext, catalogProperties }]) => {
    const at = (key: string) => showPath(['engines', name, key]);
    const problems: ConfigProblem[] = [];
    if (name === 'local')
      problems.push({ key: showPath(['engines', name]), message: 'is the name of the own engine.' });
    if (tls && allowPlaintext) {
      problems.push({ key: at('allow_plaintext'), message: 'is true although tls is; drop one of them.' });
    }
    if (!tls && !allowPlaintext && !isLoopback(new URL(endpoint).hostname)) {
      problems.push({
        key: at('tls'),
        message: `is false, and ${endpoint} is on another machine: tokens would travel unencrypted. (allow_plaintext = true lets them.)`,
      });
    }
    for (const property of catalogProperties) {
      if (!/^[^=\s]+=/.test(property)) {
        problems.push({ key: at('catalog_properties'), message: `"${property}" must have the form name=value.` });
      } else if (CREDENTIAL.test(property.slice(0, property.indexOf('=')))) {
        problems.push({
          key: at('catalog_properties'),
          message: `"${property.slice(0, property.indexOf('='))}" is a credential, which every user of the cluster would share; catalogs vend them.`,
        });
      }
    }
    return problems;
  });
}

function nameProblems(config: Config): ConfigProblem[] {
  const { catalog, schema } = config.default;
  if (catalog === undefined) {
    return schema === undefined ? [] : [{ key: 'default.schema', message: 'is set without default.catalog.' }];
  }
  const names = Object.keys(config.catalogs);
  if (names.includes(catalog)) return [];
  return [
    { key: 'default.catalog', message: `"${catalog}" is no configured catalog; configured: ${names.join(', ')}.` },
  ];
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
