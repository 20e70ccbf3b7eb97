/** Before any test: compiles what has changed, since the engine's processes and the decoding threads run compiled. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default function compile(): void {
  const script = fileURLToPath(new URL('../scripts/setup.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('The sources do not compile.');
}
