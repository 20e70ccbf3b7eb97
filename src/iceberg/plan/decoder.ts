/** Where manifests are decoded: in worker threads where the compiled worker is there, else in this thread with pauses. */
import type { ManifestFile } from '../types.js';
import { type SelectedFiles, type Selection, selectFiles } from './select-files.js';

/** The longest stretch of decoding in this thread, in milliseconds. */
const stretch = 10;

export async function selectInThread(
  bytes: Uint8Array,
  manifest: ManifestFile,
  selection: Selection,
): Promise<SelectedFiles> {
  const steps = selectFiles(bytes, manifest, selection);
  let started = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - started > stretch) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      started = performance.now();
    }
  }
}
