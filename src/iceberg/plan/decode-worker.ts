/** The thread behind `DecodePool`. */
import { parentPort } from 'node:worker_threads';
import { messageOf, SkuaError } from '../../errors.js';
import type { DecodeReply, DecodeRequest } from './decode-pool.js';
import { type SelectedFiles, selectFiles } from './select-files.js';

parentPort?.on('message', ({ id, bytes, manifest, selection }: DecodeRequest) => {
  parentPort?.postMessage(reply(id, () => whole(selectFiles(bytes, manifest, selection))));
});

function reply(id: number, decode: () => SelectedFiles): DecodeReply {
  try {
    return { id, selected: decode() };
  } catch (error) {
    const code = error instanceof SkuaError ? error.code : 'DATA_LOSS';
    return { id, failure: { code, message: messageOf(error) } };
  }
}

function whole(steps: ReturnType<typeof selectFiles>): SelectedFiles {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
