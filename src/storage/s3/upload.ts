import { type FileHandle, open } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SkuaError } from '../../errors.js';
import { anySignal } from '../../signal.js';
import { type S3Context, s3Request } from './request.js';

/** Files above this many bytes go in parts. */
const SINGLE_PUT_LIMIT = 16 * 1024 * 1024;
const PART_SIZE = 8 * 1024 * 1024;
/** The S3 API's own limit. */
const MAX_PARTS = 10_000;
/** Parts in memory at once. */
const PARALLEL_PARTS = 4;

export interface UploadTarget {
  location: string;
  bucket: string;
  key: string;
}

/** Uploads a local file. What a failed upload may have left is removed again. */
export async function uploadFile(
  context: S3Context,
  target: UploadTarget,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size <= SINGLE_PUT_LIMIT) await putWhole(context, target, file, size, signal);
    else await putParts(context, target, file, size, signal);
  } finally {
    await file.close();
  }
}

async function putWhole(
  context: S3Context,
  target: UploadTarget,
  file: FileHandle,
  size: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bytes = await readPart(file, 0, size);
  const { location, bucket: Bucket, key: Key } = target;
  try {
    await s3Request(context, { verb: 'write', location }, signal, ({ client }) =>
      client.send(
        new PutObjectCommand({ Bucket, Key, Body: bytes, ContentLength: size }),
        signal && { abortSignal: signal },
      ),
    );
  } catch (error) {
    // Nobody knows whether a cancelled or unanswered PUT took effect; one that was refused did not.
    if (error instanceof SkuaError && (error.code === 'CANCELLED' || error.code === 'UNAVAILABLE')) {
      await bestEffort(() =>
        s3Request(context, { verb: 'remove', location }, undefined, ({ client }) =>
          client.send(new DeleteObjectCommand({ Bucket, Key })),
        ),
      );
    }
    throw error;
  }
}

async function putParts(
  context: S3Context,
  target: UploadTarget,
  file: FileHandle,
  size: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { location, bucket: Bucket, key: Key } = target;
  const what = { verb: 'write', location } as const;
  // Once sent it is waited for: only its answer has the name under which what was begun can be ended.
  const created = await s3Request(context, what, signal, ({ client }) =>
    client.send(new CreateMultipartUploadCommand({ Bucket, Key })),
  );
  const UploadId = created.UploadId as string;
  const failure = new AbortController();
  const partSignal = anySignal(signal, failure.signal);
  const partSize = Math.max(PART_SIZE, Math.ceil(size / MAX_PARTS));
  const partCount = Math.ceil(size / partSize);
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  let next = 0;

  const worker = async () => {
    while (next < partCount) {
      const index = next++;
      const offset = index * partSize;
      const bytes = await readPart(file, offset, Math.min(partSize, size - offset));
      const answer = await s3Request(context, what, partSignal, ({ client }) =>
        client.send(
          new UploadPartCommand({
            Bucket,
            Key,
            UploadId,
            PartNumber: index + 1,
            Body: bytes,
            ContentLength: bytes.length,
          }),
          { abortSignal: partSignal },
        ),
      );
      parts[index] = { PartNumber: index + 1, ETag: answer.ETag };
    }
  };

  const workers = Array.from({ length: Math.min(PARALLEL_PARTS, partCount) }, worker);
  try {
    await Promise.all(workers);
    await s3Request(context, what, signal, ({ client }) =>
      client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: parts } }),
        signal && {
          abortSignal: signal,
        },
      ),
    );
  } catch (error) {
    failure.abort();
    await Promise.allSettled(workers);
    await bestEffort(() =>
      s3Request(context, { verb: 'remove', location }, undefined, ({ client }) =>
        client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
      ),
    );
    throw error;
  }
}

/** The failure that brought us here is the one to report, not that of the clean-up. */
async function bestEffort(work: () => Promise<unknown>): Promise<void> {
  await Promise.allSettled([work()]);
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) throw new SkuaError('INTERNAL', 'A file became shorter while it was uploaded.');
    done += bytesRead;
  }
  return buffer;
}
