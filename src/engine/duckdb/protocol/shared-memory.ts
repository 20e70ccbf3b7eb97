/** Memory that two processes map: a file that has no name, whose descriptor the child inherits. */
import { closeSync } from 'node:fs';
import koffi, { type LibraryHandle } from 'koffi';

/** A mapping of shared memory; it lasts as long as the process. */
export interface SharedMemory {
  readonly bytes: Buffer;
  /** Where it lies in this process. */
  readonly address: number;
  /** Gives pages whose contents no longer matter back to the system, where it can; both ends are whole pages or are rounded inwards. */
  discard(offset: number, length: number): void;
}

/** A descriptor of shared memory, to be inherited by a child process and closed once it has started. */
export interface SharedFile {
  readonly descriptor: number;
  readonly memory: SharedMemory;
  close(): void;
}

const READ_AND_WRITE = 3;
const MAP_SHARED = 1;
const MADV_REMOVE = 9;
/** No other process than the one that it is given to inherits the descriptor: it would have a way to what others are sent. */
const MFD_CLOEXEC = 1;
const PAGE = 65536;
/** O_RDWR | O_CREAT | O_EXCL, as macOS has them. */
const CREATE_ANEW = 0x0002 | 0x0200 | 0x0800;
const OWNER_ONLY = 0o600;

interface Native {
  /** A new descriptor of memory without a name; negative where the system has none left. */
  create(): number;
  resize(descriptor: number, bytes: number): number;
  map(bytes: number, descriptor: number): number;
  discard(address: number, bytes: number): void;
}

let loaded: Native | undefined;

/** Whether processes of this system can share memory this way. */
function canShareMemory(platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'linux' || platform === 'darwin';
}

/** Makes memory of that many bytes, which takes room only where it is written. Undefined where the system refuses it. */
export function createSharedFile(bytes: number): SharedFile | undefined {
  if (!canShareMemory()) return undefined;
  const descriptor = native().create();
  if (descriptor < 0) return undefined;
  const memory = native().resize(descriptor, bytes) === 0 ? mapSharedFile(descriptor, bytes) : undefined;
  if (memory) return { descriptor, memory, close: () => closeSync(descriptor) };
  closeSync(descriptor);
  return undefined;
}

/** Maps memory by a descriptor that was inherited. Undefined where the system refuses it. */
export function mapSharedFile(descriptor: number, bytes: number): SharedMemory | undefined {
  const address = native().map(bytes, descriptor);
  // mmap(2) answers -1 where it fails.
  if (address <= 0 || address >= Number.MAX_SAFE_INTEGER) return undefined;
  return {
    bytes: Buffer.from(koffi.view(BigInt(address), bytes)),
    address,
    discard(offset, length) {
      const start = Math.ceil(offset / PAGE) * PAGE;
      const end = Math.floor((offset + length) / PAGE) * PAGE;
      if (end > start) native().discard(address + start, end - start);
    },
  };
}

function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  const system = koffi.load(null);
  const ftruncate = system.func('ftruncate', 'int', ['int', 'int64']);
  const mmap = system.func('mmap', 'uint64', ['uint64', 'uint64', 'int', 'int', 'int', 'int64']);
  const madvise = system.func('madvise', 'int', ['uint64', 'uint64', 'int']);
  return {
    create: process.platform === 'linux' ? createOnLinux(system) : createElsewhere(system),
    resize: (descriptor, bytes) => ftruncate(descriptor, bytes),
    map: (bytes, descriptor) => Number(mmap(0, bytes, READ_AND_WRITE, MAP_SHARED, descriptor, 0)),
    discard: (address, bytes) => {
      if (process.platform === 'linux') madvise(address, bytes, MADV_REMOVE);
    },
  };
}

function createOnLinux(system: LibraryHandle): () => number {
  const create = system.func('memfd_create', 'int', ['str', 'uint']);
  return () => create('skua batches', MFD_CLOEXEC);
}

/** Named for a moment: the name goes before anybody else could use it. */
function createElsewhere(system: LibraryHandle): () => number {
  const open = system.func('shm_open', 'int', ['str', 'int', '...']);
  const unlink = system.func('shm_unlink', 'int', ['str']);
  let count = 0;
  return () => {
    const name = `/skua-${process.pid}-${count++}`;
    const descriptor = open(name, CREATE_ANEW, 'int', OWNER_ONLY);
    if (descriptor >= 0) unlink(name);
    return descriptor;
  };
}
