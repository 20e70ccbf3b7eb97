import { SkuaError } from '../../errors.js';
import type { CredentialVendor } from './contract.js';
import { signedPost } from './signature.js';

export interface StsSettings {
  /** Default: the endpoint of the store. */
  endpoint?: string;
  /** Default `arn:aws:iam::000000000000:role/skua`. */
  roleArn?: string;
  /** Life of vended credentials in seconds. Default 3600; the least that AWS takes is 900. */
  durationSeconds?: number;
}

interface Store {
  endpoint: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Vends session credentials by AssumeRole (AWS STS API 2011-06-15), restricted by a session policy to one table's prefix. */
export function stsVendor(settings: StsSettings, store: Store): CredentialVendor {
  return async (location, access) => {
    const form = new URLSearchParams({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: settings.roleArn ?? 'arn:aws:iam::000000000000:role/skua',
      RoleSessionName: 'skua-embedded-catalog',
      DurationSeconds: String(settings.durationSeconds ?? 3600),
      Policy: JSON.stringify(sessionPolicy(location, access)),
    });
    const answer = await signedPost(settings.endpoint ?? store.endpoint, form.toString(), { ...store, service: 'sts' });
    if (answer.status !== 200) {
      throw new SkuaError('UNAVAILABLE', `the token service answered AssumeRole with status ${answer.status}`);
    }
    const part = (name: string): string => {
      const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body)?.[1];
      if (found === undefined) throw new SkuaError('INTERNAL', `the answer to AssumeRole holds no ${name}`);
      return found.trim();
    };
    return {
      prefix: location,
      config: {
        's3.access-key-id': part('AccessKeyId'),
        's3.secret-access-key': part('SecretAccessKey'),
        's3.session-token': part('SessionToken'),
        's3.session-token-expires-at-ms': String(Date.parse(part('Expiration'))),
      },
    };
  };
}

/** What the credentials allow: the objects below the prefix, their listing, and nothing else. */
function sessionPolicy(location: string, access: 'read' | 'read-write') {
  const [, bucket = '', key = ''] = /^s3a?:\/\/([^/]+)\/?(.*)$/.exec(location) ?? [];
  const objects = `arn:aws:s3:::${bucket}/${escapeGlob(key)}/*`;
  const allow = (Action: string[], Resource: string, Condition?: unknown) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow(['s3:GetObject', 's3:GetObjectVersion'], objects),
      allow(['s3:ListBucket'], `arn:aws:s3:::${bucket}`, { StringLike: { 's3:prefix': `${escapeGlob(key)}/*` } }),
      allow(['s3:GetBucketLocation'], `arn:aws:s3:::${bucket}`),
      ...(access === 'read-write'
        ? [
            allow(
              ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
              objects,
            ),
          ]
        : []),
    ],
  };
}

/** Policies read `*`, `?` and `$` as patterns, unless written as policy variables. */
function escapeGlob(key: string): string {
  return key.replace(/[*?$]/g, (sign) => `\${${sign}}`);
}
