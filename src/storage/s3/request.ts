import { setTimeout as sleep } from 'node:timers/promises';
import { retryAfter } from '../../retry-after.js';
import type { CredentialSource } from '../credentials.js';
import { s3Settings } from '../credentials.js';
import type { S3Clients, S3Endpoint } from './clients.js';
import { type Attempt, isStaleCredential, isTransient, mapS3Error } from './errors.js';

export interface RetryOptions {
  /** All tries together. Default 4. */
  attempts?: number;
  /** The longest wait before the first retry, in milliseconds; doubles each time, and each wait is random below it. Default 100. */
  baseDelay?: number;
}

/** A store that asks to be left alone for longer is not waited for, in milliseconds. */
const LONGEST_WAIT = 30_000;

export interface S3Context {
  clients: S3Clients;
  credentials: CredentialSource;
  retry: RetryOptions;
  /** Told of every request that was sent. */
  onRequest?: ((request: StoreExchange) => void) | undefined;
}

/** One request to a store. */
export interface StoreExchange {
  verb: Attempt['verb'];
  /** Of HTTP; `none` where there was no answer. */
  status: number | 'none';
  milliseconds: number;
}

/**
 * Runs one request: with the credentials of its location, within the endpoint's bounds, again after transient failures, and once more with
 * renewed credentials. `tries` counts from 1, so that a write can tell whether an earlier try may have taken effect.
 */
export async function s3Request<T>(
  context: S3Context,
  what: Pick<Attempt, 'verb' | 'location'>,
  signal: AbortSignal | undefined,
  work: (endpoint: S3Endpoint, tries: number) => Promise<T>,
): Promise<T> {
  const { attempts = 4, baseDelay = 100 } = context.retry;
  let renewed = false;
  for (let tries = 1; ; tries++) {
    const properties = await context.credentials.propertiesFor(what.location);
    const settings = s3Settings(properties, context.credentials.signer());
    const endpoint = context.clients.for(settings);
    const session = settings.keys?.sessionToken !== undefined || settings.signer !== undefined;
    try {
      return await endpoint.limiter.run(() => told(context, what.verb, () => work(endpoint, tries)), signal);
    } catch (error) {
      const cancelled = signal?.aborted ?? false;
      if (!cancelled && !renewed && isStaleCredential(error, session)) {
        renewed = true;
        if (await context.credentials.renew(what.location, properties)) continue;
      }
      const asked = askedWait(error);
      if (cancelled || tries >= attempts || !isTransient(error) || asked > LONGEST_WAIT) {
        throw mapS3Error(cancelled ? abortError() : error, { ...what, host: endpoint.host, session });
      }
      await pause(asked + Math.random() * Math.min(baseDelay * 2 ** (tries - 1), 5_000), signal);
    }
  }
}

async function told<T>({ onRequest }: S3Context, verb: Attempt['verb'], work: () => Promise<T>): Promise<T> {
  if (onRequest === undefined) return work();
  const started = performance.now();
  const tell = (status: number | 'none') => onRequest({ verb, status, milliseconds: performance.now() - started });
  try {
    const result = await work();
    tell(200);
    return result;
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    tell($metadata?.httpStatusCode ?? 'none');
    throw error;
  }
}

/** How long the store asks to be left alone, in milliseconds. */
function askedWait(error: unknown): number {
  const { $response } = error as { $response?: { headers?: Record<string, unknown> } };
  return retryAfter($response?.headers?.['retry-after']) ?? 0;
}

/** Ends early where the signal fires; the next try then ends at once. */
async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

function abortError(): Error {
  return new DOMException('The request was cancelled.', 'AbortError');
}
