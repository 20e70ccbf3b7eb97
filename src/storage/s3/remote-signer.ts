/** Requests to S3 that somebody else signs: the catalog, with keys that only it has (Iceberg REST specification, `signRequest`). */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { SkuaError } from '../../errors.js';
import type { RequestSigner, SignedRequest } from '../contract.js';

type Signer = Extract<NonNullable<S3ClientConfig['signer']>, { sign: unknown }>;
type HttpRequest = Parameters<Signer['sign']>[0];

/**
 * What a signature need not cover: so one serves for all ranges of an object, and for a request that is repeated. S3 takes these unsigned; all
 * other `x-amz-` headers have to be covered.
 */
const UNSIGNED =
  /^(range|if-.*|user-agent|x-amz-date|amz-sdk-.*|expect|connection|transfer-encoding|accept.*|authorization)$/;

export function remoteSigner(signer: RequestSigner, region: string): Signer {
  return {
    async sign(request) {
      // Stores refuse headers of their own that no signature covers, and this one differs between versions.
      const { 'x-amz-user-agent': _, ...all } = lowerCased(request.headers);
      const covered = Object.entries(all).filter(([name]) => !UNSIGNED.test(name));
      const uri = uriOf(request);
      const body = bodyToCheck(request);
      const signed = await signer.sign({
        method: request.method,
        uri,
        region,
        headers: { ...Object.fromEntries(covered), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
        ...(body !== undefined && { body }),
      });
      return apply(request, uri, signed, all);
    },
  };
}

/** The request with its signature. One for another object than was asked for is not sent: DATA_LOSS. */
function apply(request: HttpRequest, uri: string, signed: SignedRequest, all: Record<string, string>): HttpRequest {
  const [asked, given] = [new URL(uri), URL.canParse(signed.uri) ? new URL(signed.uri) : undefined];
  if (given?.origin !== asked.origin || decoded(given.pathname) !== decoded(asked.pathname) || lacks(given, asked)) {
    throw new SkuaError('DATA_LOSS', 'The catalog signed another request to the store than it was asked to.');
  }
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(given.searchParams.keys())) query[name] = given.searchParams.getAll(name);
  const headers = { ...all, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...lowerCased(signed.headers) };
  return Object.assign(request, { path: given.pathname, query, headers });
}

/** Whether a parameter of the query is gone, or has another value. */
function lacks(given: URL, asked: URL): boolean {
  return [...asked.searchParams].some(([name, value]) => !given.searchParams.getAll(name).includes(value));
}

function uriOf({ protocol, hostname, port, path, query }: HttpRequest): string {
  const values = Object.entries(query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one) => `${strict(name)}=${strict(one)}`),
  );
  const authority = port === undefined ? hostname : `${hostname}:${port}`;
  return `${protocol}//${authority}${path}${values.length > 0 ? `?${values.sort().join('&')}` : ''}`;
}

function bodyToCheck({ method, query, body }: HttpRequest): string | undefined {
  if (method !== 'POST' || query?.delete === undefined) return undefined;
  return typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array);
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Percent-encoding of all but unreserved characters (RFC 3986), as S3 has it in what is signed. */
function strict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
