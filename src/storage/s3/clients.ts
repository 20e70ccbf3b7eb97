import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { silenceNodeNotice } from '../../node-notice.js';
import type { RequestSigner } from '../contract.js';
import type { S3Settings } from '../credentials.js';
import type { Endpoints } from '../endpoints.js';
import { createLimiter, type Limiter } from '../limit.js';
import { remoteSigner } from './remote-signer.js';

/** Connections to stores, shared by everything that reads and writes: clients by endpoint and credentials, sockets by endpoint. */
export interface S3Clients {
  for(settings: S3Settings): S3Endpoint;
  /** Closes all sockets. */
  close(): void;
}

export interface S3Endpoint {
  client: S3Client;
  /** Bounds the requests that are under way at one endpoint. */
  limiter: Limiter;
  /** What the endpoint turned out not to understand. Shared by all clients of the endpoint. */
  lacks: { conditionalWrites: boolean; batchDelete: boolean };
  /** Whether ETags turned out to be MD5s of what was written. Shared by all clients of the endpoint. */
  keeps: { md5Etags: boolean | undefined };
  /** `host:port`, for messages. */
  host: string;
}

export interface S3ClientsOptions {
  /** Requests and sockets at one endpoint. Default 64. */
  maxRequests?: number;
  /** For a connection to be made, in milliseconds. Default 5,000. */
  connectTimeout?: number;
  /** Without a byte on a connection, in milliseconds. Default 30,000. */
  idleTimeout?: number;
  /** Where connections may go. Default: anywhere. */
  endpoints?: Endpoints | undefined;
  /** Clients that are kept; vended credentials change often. Default 512. */
  maxClients?: number;
}

export function createS3Clients(options: S3ClientsOptions = {}): S3Clients {
  silenceNodeNotice();
  const { maxRequests = 64, connectTimeout = 5_000, idleTimeout = 30_000, maxClients = 512 } = options;
  const { endpoints: rules } = options;
  const agentOptions = {
    keepAlive: true,
    maxSockets: maxRequests,
    maxFreeSockets: maxRequests,
    scheduling: 'lifo' as const,
    ...(rules && { lookup: rules.lookup }),
  };
  const httpAgent = new HttpAgent(agentOptions);
  const httpsAgent = new HttpsAgent(agentOptions);
  const clients = new Map<string, S3Client>();
  /** A signer is that of one table as one caller may reach it. */
  const signing = new WeakMap<RequestSigner, S3Client>();
  const endpoints = new Map<string, Omit<S3Endpoint, 'client'>>();

  function clientFor(settings: S3Settings): S3Client {
    const { signer } = settings;
    if (signer) {
      const client = signing.get(signer) ?? new S3Client(clientConfig(settings));
      signing.set(signer, client);
      return client;
    }
    const key = createHash('sha256').update(JSON.stringify(settings)).digest('base64');
    const known = clients.get(key);
    if (known) {
      clients.delete(key);
      clients.set(key, known);
      return known;
    }
    const client = new S3Client(clientConfig(settings));
    clients.set(key, client);
    if (clients.size > maxClients) {
      // Not destroyed: the sockets are shared and requests may be under way.
      const [oldest] = clients.keys();
      clients.delete(oldest as string);
    }
    return client;
  }

  function clientConfig(settings: S3Settings): S3ClientConfig {
    const config: S3ClientConfig = {
      region: settings.region,
      forcePathStyle: settings.pathStyle,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { httpAgent, httpsAgent, connectionTimeout: connectTimeout, socketTimeout: idleTimeout },
      logger: silent,
    };
    if (settings.endpoint) config.endpoint = settings.endpoint;
    if (settings.keys) {
      const { sessionToken, ...keys } = settings.keys;
      config.credentials = { ...keys, ...(sessionToken !== undefined && { sessionToken }) };
    } else {
      config.credentials = NO_KEYS;
      config.signer = settings.signer
        ? remoteSigner(settings.signer, settings.region)
        : { sign: async (request) => request };
    }
    return config;
  }

  return {
    for(settings) {
      rules?.check(settings.endpoint ?? `https://s3.${settings.region}.amazonaws.com`);
      const host = hostOf(settings);
      let endpoint = endpoints.get(host);
      if (!endpoint) {
        endpoint = {
          limiter: createLimiter(maxRequests),
          lacks: { conditionalWrites: false, batchDelete: false },
          keeps: { md5Etags: undefined },
          host,
        };
        endpoints.set(host, endpoint);
      }
      return { ...endpoint, client: clientFor(settings) };
    },
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
      clients.clear();
    },
  };
}

/** The SDK would look for some on the machine. */
const NO_KEYS = { accessKeyId: 'none', secretAccessKey: 'none' };

const ignore = () => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function hostOf(settings: S3Settings): string {
  if (!settings.endpoint) return `s3.${settings.region}.amazonaws.com`;
  try {
    return new URL(settings.endpoint).host;
  } catch {
    return 'the configured endpoint';
  }
}
