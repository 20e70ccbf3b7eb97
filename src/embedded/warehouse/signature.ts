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
  const time = `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}`;
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

function authorizationHeader(
  method: string,
  url: URL,
  headers: Record<string, string>,
  time: string,
  settings: SigningSettings,
): string {
  const names = Object.keys(headers).sort();
  const signedHeaders = names.join(';');
  const canonical = [
    method,
    url.pathname,
    url.searchParams.toString(),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    signedHeaders,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${settings.region}/${settings.service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [day, settings.region, settings.service, 'aws4_request'].reduce<string | Buffer>(
    (secret, step) => createHmac('sha256', secret).update(step).digest(),
    `AWS4${settings.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${settings.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
