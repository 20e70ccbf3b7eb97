import koffi from 'koffi';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** Has the system end this process with the one that started it, however that ends. Elsewhere than on Linux the closed channel says so. */
export function endWithParent(parent: number): void {
  if (process.platform !== 'linux') return;
  const prctl = koffi.load(null).func('prctl', 'int', ['int', 'uint64', 'uint64', 'uint64', 'uint64']);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // The parent may have gone before the system was told.
  if (process.ppid !== parent) process.exit(0);
}
