import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SkuaError } from '../../errors.js';
import { silenceNodeNotice } from '../../node-notice.js';
import { trimmed, type Warehouse } from './contract.js';
import { presigned, signedHeaders, strict } from './signature.js';
import { type StsSettings, stsVendor } from './sts.js';

export interface S3WarehouseSettings {
  /** `s3://bucket` or `s3://bucket/prefix`; the bucket exists. */
  location: string;
  /** `http://127.0.0.1:9000` */
  endpoint: string;
  /** Default `us-east-1`. */
  region?: string;
  /** Default true. */
  pathStyle?: boolean;
  /** The catalog's own keys, which no client sees. */
  accessKeyId: string;
  secretAccessKey: string;
  /** Without it no credentials are vended, and clients need keys of their own. */
  sts?: StsSettings;
}

/** A warehouse in a bucket. */
export function s3Warehouse(settings: S3WarehouseSettings): Warehouse & { close(): void } {
  const region = settings.region ?? 'us-east-1';
  const pathStyle = settings.pathStyle ?? true;
  const { accessKeyId, secretAccessKey } = settings;
  const signing = { service: 's3', region, accessKeyId, secretAccessKey };
  silenceNodeNotice();
  const client = new S3Client({
    endpoint: settings.endpoint,
    region,
    forcePathStyle: pathStyle,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
  });
  return {
    root: trimmed(settings.location),
    properties: {
      'client.region': region,
      's3.path-style-access': String(pathStyle),
      's3.endpoint': settings.endpoint,
    },
    async read(location) {
      try {
        const { Body } = await client.send(new GetObjectCommand(objectOf(location)));
        return await Body?.transformToByteArray();
      } catch (error) {
        if ((error as { name?: string }).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async write(location, bytes) {
      await client.send(new PutObjectCommand({ ...objectOf(location), Body: bytes, IfNoneMatch: '*' }));
    },
    async remove(location) {
      await client.send(new DeleteObjectCommand(objectOf(location)));
    },
    presign(location, seconds) {
      const { Bucket, Key } = objectOf(location);
      const url = new URL(settings.endpoint);
      if (pathStyle) url.pathname = `/${Bucket}`;
      else url.host = `${Bucket}.${url.host}`;
      url.pathname = `${url.pathname.replace(/\/$/, '')}/${Key.split('/').map(strict).join('/')}`;
      return presigned('GET', url, seconds, signing);
    },
    signing: {
      objectAt(url) {
        const store = new URL(settings.endpoint);
        const path = decoded(url.pathname)?.slice(1);
        if (url.protocol !== store.protocol || path === undefined) return undefined;
        if (url.host === store.host && pathStyle) return `s3://${path.includes('/') ? path : `${path}/`}`;
        const bucket = url.host.endsWith(`.${store.host}`) ? url.host.slice(0, -store.host.length - 1) : undefined;
        return bucket === undefined ? undefined : `s3://${bucket}/${path}`;
      },
      sign: (method, url, headers) => signedHeaders(method, url, headers, signing),
    },
    async removeTree(location) {
      const { Bucket, Key } = objectOf(location);
      for (;;) {
        const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: `${Key}/` }));
        const Objects = (Contents ?? []).flatMap((object) => (object.Key === undefined ? [] : [{ Key: object.Key }]));
        if (Objects.length === 0) return;
        await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      }
    },
    vending:
      settings.sts === undefined
        ? 'unavailable'
        : stsVendor(settings.sts, {
            endpoint: settings.endpoint,
            region,
            accessKeyId: settings.accessKeyId,
            secretAccessKey: settings.secretAccessKey,
          }),
    close: () => client.destroy(),
  };
}

function objectOf(location: string): { Bucket: string; Key: string } {
  const [, Bucket, Key] = /^s3a?:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (Bucket === undefined || Key === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', `${location} is not the location of an object in S3`);
  }
  return { Bucket, Key };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
