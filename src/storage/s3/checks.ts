/** Whether the bytes of an answer are those of the object that was asked for, as far as the answer itself tells. */
import { createHash } from 'node:crypto';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { SkuaError } from '../../errors.js';
import type { ByteRange, ObjectVersion } from '../contract.js';
import type { S3Endpoint } from './clients.js';

export interface Answer {
  bytes: Uint8Array;
  answer: Pick<
    GetObjectCommandOutput,
    '$metadata' | 'ETag' | 'ContentRange' | 'ServerSideEncryption' | 'SSECustomerAlgorithm'
  >;
  endpoint: S3Endpoint;
}

/** Reads once more what turned out to be damaged: mostly the damage was done on the way. */
export async function again<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SkuaError) || error.code !== 'DATA_LOSS') throw error;
    return await read();
  }
}

export function damaged(location: string, reason: string): SkuaError {
  return new SkuaError('DATA_LOSS', `'${location}' did not arrive as it was written: ${reason}.`);
}

/** Fails where the object was replaced since the version's first read, or is another one. */
export function checkVersion(
  location: string,
  { ETag, ContentRange }: Answer['answer'],
  version?: ObjectVersion,
): void {
  if (!version) return;
  const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  if (version.size !== undefined && total !== undefined && Number(total) !== version.size) {
    throw damaged(location, `it has ${total} bytes instead of ${version.size}`);
  }
  version.etag ??= ETag;
  if (ETag !== undefined && ETag !== version.etag) throw damaged(location, 'it was replaced while it was read');
}

/** The range out of an answer that is the range, or the whole object where the store takes no ranges. */
export function rangeOf(location: string, range: ByteRange, { bytes, answer }: Omit<Answer, 'endpoint'>): Uint8Array {
  const { ContentRange, $metadata } = answer;
  if ($metadata.httpStatusCode === 200) {
    const part = bytes.subarray(range.offset, range.offset + range.length);
    if (part.length < range.length) throw tooShort(location);
    return bytes.length === range.length && range.offset === 0 ? bytes : Uint8Array.from(part);
  }
  const given = /^bytes (\d+)-(\d+)\//.exec(ContentRange ?? '');
  const [first, last] = [Number(given?.[1]), Number(given?.[2])];
  if (first !== range.offset) throw damaged(location, 'the store answered with another range');
  if (last - first + 1 < range.length) throw tooShort(location);
  if (bytes.length !== range.length) throw damaged(location, 'the store answered with another range');
  return bytes;
}

function tooShort(location: string): SkuaError {
  return new SkuaError('OUT_OF_RANGE', `'${location}' is shorter than its metadata says.`);
}

const md5Etag = /^"?([0-9a-f]{32})"?$/;

/**
 * Compares a whole object with its ETag, where that is the MD5 of what was written in one piece. Stores don't have to keep to that. Once an
 * endpoint has been seen to do so, a difference is damage; before that, it is one unless the bytes came before in the very same way.
 */
export function checkWhole(
  location: string,
  { bytes, answer, endpoint }: Answer,
  before: Uint8Array | undefined,
): void {
  const { keeps } = endpoint;
  const isEncrypted = answer.SSECustomerAlgorithm !== undefined || /^aws:kms/.test(answer.ServerSideEncryption ?? '');
  if (isEncrypted || keeps.md5Etags === false) return;
  const isEqual = hasEtag(answer.ETag, bytes);
  if (isEqual) keeps.md5Etags = true;
  if (isEqual !== false) return;
  if (keeps.md5Etags === undefined && before && Buffer.compare(before, bytes) === 0) keeps.md5Etags = false;
  else throw damaged(location, 'it does not have the ETag of what was written');
}

/** Remembers that the endpoint's ETags are MD5s once one is. */
export function learnEtags({ keeps }: S3Endpoint, etag: string | undefined, bytes: Uint8Array): void {
  if (!keeps.md5Etags && hasEtag(etag, bytes)) keeps.md5Etags = true;
}

/** Undefined for an ETag that is no MD5. */
function hasEtag(etag: string | undefined, bytes: Uint8Array): boolean | undefined {
  const expected = md5Etag.exec(etag ?? '')?.[1];
  return expected === undefined ? undefined : createHash('md5').update(bytes).digest('hex') === expected;
}

/** How the SDK says that a body does not have the checksum of its header. */
export function isChecksumMismatch(error: unknown): boolean {
  return error instanceof Error && /^Checksum mismatch/.test(error.message);
}
