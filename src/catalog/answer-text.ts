import { SkuaError } from '../errors.js';

/** Largest answer that is read, in bytes. Metadata of thousands of snapshots has some tens of megabytes. */
const LARGEST_ANSWER = 256 * 2 ** 20;

/** The text of an answer. One that is too large: RESOURCE_EXHAUSTED, as soon as that is known. */
export async function answerText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER) {
      throw new SkuaError('RESOURCE_EXHAUSTED', `The catalog's answer has more than ${LARGEST_ANSWER} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
