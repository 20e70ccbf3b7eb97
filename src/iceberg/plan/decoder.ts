/** Where manifests are decoded: many at a time in worker threads, where the compiled worker is there; else in this thread with pauses. */
import { existsSync } from 'node:fs';
import type { ManifestFile } from '../types.js';
import { DecodePool } from './decode-pool.js';
import { type SelectedFiles, type Selection, selectFiles } from './select-files.js';
import { giveWay } from './turns.js';

export type Decode = (bytes: Uint8Array, manifest: ManifestFile, selection: Selection) => Promise<SelectedFiles>;

/** Compressed bytes of manifests from which on starting threads pays, about a tenth of a second of decoding. */
const worthThreads = 2 * 1024 * 1024;

const workerUrl = new URL('./decode-worker.js', import.meta.url);
const pool = existsSync(workerUrl) ? new DecodePool(workerUrl) : undefined;

/** How to decode manifests of that many bytes together. */
export function decoderFor(bytes: number): Decode {
  return pool && bytes >= worthThreads ? (...manifest) => pool.decode(...manifest) : decodeHere;
}

const decodeHere: Decode = async (bytes, manifest, selection) => {
  const steps = selectFiles(bytes, manifest, selection);
  for (;;) {
    await giveWay();
    const step = steps.next();
    if (step.done) return step.value;
  }
};
