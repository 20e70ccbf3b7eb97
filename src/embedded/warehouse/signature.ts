import { createHash, createHmac } from 'node:crypto';
import { SkuaError } from '../../errors.js';

export interface SigningSettings {
  service: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Posts a form signed with AWS Signature Version 4. An unreachable endpoint: UNAVAILABLE. */
export async function signedPost(
  endpoint: string,
  form: string,
  settings: SigningSettings,
): Promise<{ status: number; body: string }> {
  const url = new URL(endpoint);
  const time = timeNow();
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    host: url.host,
    'x-amz-content-sha256': sha256(form),
    'x-amz-date': time,
  };
  const authorization = authorizationHeader('POST', url, headers, time, settings);
  const { host: _, ...sent } = headers;
  try {
    const response = await fetch(url, { method: 'POST', headers: { ...sent, authorization }, body: form });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    throw new SkuaError('UNAVAILABLE', `the token service at ${url.origin} can't be reached`, { cause: error });
  }
}

/** A request's headers with those that sign it, and not its body (AWS Signature Version 4). */
export function signedHeaders(
  method: string,
  url: URL,
  given: Record<string, string>,
  settings: SigningSettings,
): Record<string, string> {
  const time = timeNow();
  const headers = { ...given, host: url.host, 'x-amz-content-sha256': UNSIGNED, 'x-amz-date': time };
  return { ...headers, authorization: authorizationHeader(method, url, headers, time, settings) };
}

/** The address of one request, with its signature, for so many seconds. */
export function presigned(method: string, address: URL, seconds: number, settings: SigningSettings): string {
  const time = timeNow();
  const url = new URL(address);
  const query: Record<string, string> = {
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${settings.accessKeyId}/${scopeOf(time, settings)}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': 'host',
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const signature = signatureOf({ method, url, headers: { host: url.host }, payload: UNSIGNED }, time, settings);
  return `${url.origin}${url.pathname}?${canonicalQuery(url)}&X-Amz-Signature=${signature}`;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const UNSIGNED = 'UNSIGNED-PAYLOAD';

interface Signed {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** Hash of the body. */
  payload: string;
}

function timeNow(): string {
  return new Date().toISOString().replace(/[-:]|\.\d+/g, '');
}

function authorizationHeader(
  method: string,
  url: URL,
  headers: Record<string, string>,
  time: string,
  settings: SigningSettings,
): string {
  const payload = headers['x-amz-content-sha256'] ?? UNSIGNED;
  const signature = signatureOf({ method, url, headers, payload }, time, settings);
  const names = Object.keys(headers).sort().join(';');
  return `${ALGORITHM} Credential=${settings.accessKeyId}/${scopeOf(time, settings)}, SignedHeaders=${names}, Signature=${signature}`;
}

function scopeOf(time: string, { region, service }: SigningSettings): string {
  return `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
}

function signatureOf({ method, url, headers, payload }: Signed, time: string, settings: SigningSettings): string {
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    url.pathname,
    canonicalQuery(url),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const scope = scopeOf(time, settings);
  const text = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>(
      (secret, step) => createHmac('sha256', secret).update(step).digest(),
      `AWS4${settings.secretAccessKey}`,
    );
  return createHmac('sha256', key).update(text).digest('hex');
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${strict(name)}=${strict(value)}`)
    .sort()
    .join('&');
}

/** Percent-encoding of all but unreserved characters (RFC 3986). */
export function strict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
