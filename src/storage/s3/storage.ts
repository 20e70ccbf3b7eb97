import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { SkuaError } from '../../errors.js';
import type { ByteRange, ObjectVersion, Storage } from '../contract.js';
import { groupBy, parseLocation } from '../location.js';
import { checkWholeRead } from '../read-limit.js';
import {
  type Answer,
  again,
  checkVersion,
  checkWhole,
  damaged,
  isChecksumMismatch,
  learnEtags,
  rangeOf,
} from './checks.js';
import { isMissing, isNotImplemented, isPreconditionFailed } from './errors.js';
import { type S3Context, s3Request } from './request.js';
import { uploadFile } from './upload.js';

/** DeleteObjects takes at most this many keys. */
const DELETE_BATCH = 1_000;

/** Objects in S3 and in stores that speak its protocol. */
export function createS3Storage(context: S3Context): Storage {
  async function read(
    location: string,
    range?: ByteRange,
    signal?: AbortSignal,
    version?: ObjectVersion,
  ): Promise<Uint8Array> {
    if (range?.length === 0) return new Uint8Array(0);
    let before: Uint8Array | undefined;
    return again(async () => {
      const answer = await get(location, range, signal);
      checkVersion(location, answer.answer, version);
      if (range) return rangeOf(location, range, answer);
      const earlier = before;
      before = answer.bytes;
      checkWhole(location, answer, earlier);
      return answer.bytes;
    });
  }

  /** The answer to one request, as it came. */
  function get(location: string, range: ByteRange | undefined, signal: AbortSignal | undefined): Promise<Answer> {
    const { Bucket, Key } = objectOf(location);
    const Range = range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
    // A checksum that the store keeps is one of the whole object.
    const ChecksumMode = range ? undefined : 'ENABLED';
    return s3Request(context, { verb: 'read', location }, signal, async (endpoint) => {
      const command = new GetObjectCommand({ Bucket, Key, Range, ChecksumMode });
      const answer = await endpoint.client.send(command, signal && { abortSignal: signal });
      const body = answer.Body as Readable;
      try {
        checkWholeRead(location, answer.ContentLength ?? 0);
        return { bytes: await collect(body, answer.ContentLength, location), answer, endpoint };
      } catch (error) {
        body.destroy();
        throw isChecksumMismatch(error)
          ? damaged(location, 'it does not have the checksum that the store keeps')
          : error;
      }
    });
  }

  async function exists(location: string): Promise<boolean> {
    try {
      await size(location);
      return true;
    } catch (error) {
      if (error instanceof SkuaError && error.code === 'NOT_FOUND') return false;
      throw error;
    }
  }

  async function size(location: string): Promise<number> {
    const { Bucket, Key } = objectOf(location);
    return s3Request(context, { verb: 'read', location }, undefined, async ({ client }) => {
      const answer = await client.send(new HeadObjectCommand({ Bucket, Key }));
      return answer.ContentLength ?? 0;
    });
  }

  async function write(location: string, bytes: Uint8Array): Promise<void> {
    const { Bucket, Key } = objectOf(location);
    const put = { Bucket, Key, Body: bytes, ContentLength: bytes.length };
    const unconditional = () =>
      s3Request(context, { verb: 'write', location }, undefined, ({ client }) =>
        client.send(new PutObjectCommand(put)),
      );
    const outcome = await s3Request(context, { verb: 'write', location }, undefined, async (endpoint, tries) => {
      if (endpoint.lacks.conditionalWrites) return 'unsupported';
      try {
        const { ETag } = await endpoint.client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }));
        learnEtags(endpoint, ETag, bytes);
        return 'written';
      } catch (error) {
        if (isNotImplemented(error)) {
          endpoint.lacks.conditionalWrites = true;
          return 'unsupported';
        }
        if (isPreconditionFailed(error) && tries > 1) return 'taken';
        throw error;
      }
    });
    if (outcome === 'written') return;
    // After a retry, the object that is in the way may be our own.
    if (outcome === 'taken' && Buffer.compare(await read(location), bytes) === 0) return;
    if (outcome === 'taken' || (await exists(location))) {
      throw new SkuaError('ALREADY_EXISTS', `The object '${location}' exists already.`);
    }
    await unconditional();
  }

  async function removeOne(location: string): Promise<void> {
    const { Bucket, Key } = objectOf(location);
    await s3Request(context, { verb: 'remove', location }, undefined, async ({ client }) => {
      try {
        await client.send(new DeleteObjectCommand({ Bucket, Key }));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    });
  }

  /** The locations that the store did not remove in one go. */
  async function removeBatch(Bucket: string, batch: readonly string[]): Promise<readonly string[]> {
    const location = batch[0] as string;
    const byKey = new Map(batch.map((entry) => [objectOf(entry).Key, entry]));
    return s3Request(context, { verb: 'remove', location }, undefined, async (endpoint) => {
      if (endpoint.lacks.batchDelete) return batch;
      const Objects = [...byKey.keys()].map((Key) => ({ Key }));
      try {
        const answer = await endpoint.client.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
        );
        const failed = answer.Errors ?? [];
        return failed.flatMap((failure) => byKey.get(failure.Key ?? '') ?? []);
      } catch (error) {
        if (isNotImplemented(error)) endpoint.lacks.batchDelete = true;
        else if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== 400) throw error;
        return batch;
      }
    });
  }

  return {
    read,
    size,
    write,
    async upload(location, path, signal) {
      const { Bucket, Key } = objectOf(location);
      await uploadFile(context, { location, bucket: Bucket, key: Key }, path, signal);
    },
    async remove(locations) {
      for (const [bucket, members] of groupBy(locations, (location) => objectOf(location).Bucket)) {
        for (let start = 0; start < members.length; start += DELETE_BATCH) {
          const batch = members.slice(start, start + DELETE_BATCH);
          const left = batch.length === 1 ? batch : await removeBatch(bucket, batch);
          await Promise.all(left.map(removeOne));
        }
      }
    },
    async *list(prefix) {
      const { Bucket, Key } = objectOf(prefix);
      const scheme = prefix.slice(0, prefix.indexOf('://'));
      let token: string | undefined;
      do {
        const ContinuationToken = token;
        const page = await s3Request(context, { verb: 'list', location: prefix }, undefined, ({ client }) =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, ContinuationToken })),
        );
        for (const object of page.Contents ?? []) {
          const modifiedMs = object.LastModified?.getTime() ?? Date.now();
          yield { location: `${scheme}://${Bucket}/${object.Key}`, size: object.Size ?? 0, modifiedMs };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token);
    },
  };
}

function objectOf(location: string): { Bucket: string; Key: string } {
  const parsed = parseLocation(location);
  if (parsed.store !== 's3') throw new SkuaError('INVALID_ARGUMENT', `'${location}' is not on S3.`);
  return { Bucket: parsed.bucket, Key: parsed.key };
}

/** Reads a body of known length into one buffer. A body that ends early is a connection fault, to be tried again. */
async function collect(body: Readable, length: number | undefined, location: string): Promise<Uint8Array> {
  if (length === undefined) {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      checkWholeRead(location, bytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  for await (const chunk of body) {
    if (filled + chunk.length > length) throw new Error('The body is longer than announced.');
    buffer.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== length) throw new Error('The body ended early.');
  return buffer;
}
