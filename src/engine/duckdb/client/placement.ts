import { SkuaError } from '../../../errors.js';
import type { EngineProcessStatus } from '../contract.js';
import { EngineProcess } from './engine-process.js';
import { FatalTexts } from './fatal-texts.js';
import type { ProcessEnd } from './process-end.js';
import { SharedMemoryPool } from './shared-memory-pool.js';

export interface PlacementOptions {
  /** Processes that sessions are spread over. */
  processes: number;
  /** `shared`: sessions of all principals in the same processes. `principal`: a process for each. */
  isolation: 'shared' | 'principal';
  /** Bytes for all processes together. */
  memory: number;
  /** How batches cross: by memory that both sides map, or over the channel. Default: by memory where the system has it. */
  transport?: 'memory' | 'channel' | undefined;
  /** Told of each process that ended without being asked to. */
  onProcessEnd?: ((end: ProcessEnd & { pid: number | undefined }) => void) | undefined;
  /** Told of each process that takes no more statements, since the engine in it failed over one; it ends when what runs in it has ended. */
  onProcessBroken?:
    | ((found: { pid: number | undefined; principal: string; statement?: string | undefined }) => void)
    | undefined;
}

/** A principal's own processes end when nothing ran in them for so long, in milliseconds. */
const IDLE = 5 * 60_000;
/** How long a principal is kept apart after one of its statements ended a process, in milliseconds. */
const APART = 10 * 60_000;
/** Processes of single principals; more principals share them. */
const MOST_OWN = 32;
/** How often a process is started before a statement gives up. */
const MOST_STARTS = 3;

/**
 * Which process runs whose statements. A principal whose statement may have ended a process gets one of its own for a while, so that what it
 * does next is nobody else's trouble. A process that is ready but unused hides the time that starting one takes.
 */
export class Placement {
  readonly #options: PlacementOptions;
  readonly fatalTexts = new FatalTexts();
  readonly #shared = new Set<EngineProcess>();
  readonly #own = new Map<string, EngineProcess>();
  readonly #apartUntil = new Map<string, number>();
  readonly #all = new Set<EngineProcess>();
  readonly #pool: SharedMemoryPool | undefined;
  readonly #timer: NodeJS.Timeout;
  #spare: EngineProcess | undefined;
  #perProcess: number;
  #closing = false;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#pool = options.transport === 'channel' ? undefined : new SharedMemoryPool();
    this.#perProcess = options.memory / options.processes;
    this.#timer = setInterval(() => this.#sweep(), IDLE / 5);
    this.#timer.unref();
  }

  /** A ready process for a new instance of a principal, which takes its place there. */
  async place(principal: string, instance: number): Promise<EngineProcess> {
    for (let start = 1; ; start++) {
      if (this.#closing) throw new SkuaError('UNAVAILABLE', 'the server is stopping');
      const process = this.#choose(principal);
      process.instances.set(instance, principal);
      try {
        await process.ready;
        return process;
      } catch (error) {
        process.instances.delete(instance);
        if (start === MOST_STARTS) throw error;
      }
    }
  }

  /**
   * Whether a process may go on with the statements of a principal's instance. One that may soon have to be ended is left by those of which nothing
   * runs there.
   */
  suits(process: EngineProcess, principal: string, instance: number): boolean {
    if (!process.isUsable) return false;
    if (!this.#shared.has(process)) return true;
    return !this.#isApart(principal) && (!process.isInDoubt || process.isUsed(instance));
  }

  status(): EngineProcessStatus[] {
    return [...this.#all].flatMap((process) => {
      if (process.pid === undefined) return [];
      const role = process === this.#spare ? 'spare' : this.#shared.has(process) ? 'shared' : 'own';
      return [{ pid: process.pid, role, sessions: process.instances.size, requests: process.load }];
    });
  }

  /** Starts the first process and the spare one. A system that can't: the error of the first. */
  async open(): Promise<void> {
    const first = this.#take();
    this.#shared.add(first);
    await first.ready;
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    for (const process of this.#all) process.stop();
    await Promise.all([...this.#all].map(({ gone }) => gone));
    this.#pool?.close();
  }

  #choose(principal: string): EngineProcess {
    if (this.#isApart(principal)) {
      const own = this.#own.get(principal);
      if (own?.isUsable) return own;
      const process = this.#own.size < MOST_OWN ? this.#take() : least([...this.#own.values()], principal);
      this.#own.set(principal, process);
      return process;
    }
    const usable = [...this.#shared].filter(({ isUsable }) => isUsable);
    const calm = usable.filter(({ isInDoubt }) => !isInDoubt);
    // One more at the most, so that those who come back from doubt do not become ever more.
    const isOneMore = calm.length === 0 && usable.length <= this.#options.processes;
    const among = calm.length > 0 || isOneMore ? calm : usable;
    const best = among.length > 0 ? least(among, principal) : undefined;
    if (best && (best.instances.size === 0 || usable.length >= this.#options.processes)) return best;
    const process = this.#take();
    this.#shared.add(process);
    return process;
  }

  #isApart(principal: string): boolean {
    if (this.#options.isolation === 'principal') return true;
    const until = this.#apartUntil.get(principal);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#apartUntil.delete(principal);
    return false;
  }

  /** The spare process, whose place a new one takes. */
  #take(): EngineProcess {
    const process = this.#spare?.isUsable ? this.#spare : this.#start();
    this.#spare = this.#closing ? undefined : this.#start();
    this.#divideMemory();
    return process;
  }

  #start(): EngineProcess {
    const process = new EngineProcess({
      memory: this.#perProcess,
      pool: this.#pool,
      onBroken: ({ principal, statement }) => {
        this.#keepApart(principal);
        this.#options.onProcessBroken?.({ pid: process.pid, principal, statement });
      },
    });
    this.#all.add(process);
    void process.gone.then((end) => this.#forget(process, end));
    return process;
  }

  #forget(process: EngineProcess, end: ProcessEnd): void {
    this.#all.delete(process);
    this.#shared.delete(process);
    for (const [principal, own] of this.#own) if (own === process) this.#own.delete(principal);
    if (end.reason !== 'closed') {
      const culprits = end.reason === 'unstoppable' ? end.victims.filter(({ isCulprit }) => isCulprit) : end.victims;
      for (const { principal } of culprits) this.#keepApart(principal);
      if (end.reason === 'crash') this.fatalTexts.count(end);
      this.#options.onProcessEnd?.({ ...end, pid: process.pid });
    }
    this.#divideMemory();
  }

  #keepApart(principal: string): void {
    this.#apartUntil.set(principal, performance.now() + APART);
  }

  /** The memory is divided among as many processes as are meant to be, or as there are where those are more. */
  #divideMemory(): void {
    const working = this.#all.size - (this.#spare && this.#all.has(this.#spare) ? 1 : 0);
    const share = this.#options.memory / Math.max(working, this.#options.processes);
    if (share === this.#perProcess) return;
    this.#perProcess = share;
    for (const process of this.#all) process.limitMemory(share);
  }

  /** Ends the processes of single principals, and one too many, that nothing runs in. Their instances open anew when they are used again. */
  #sweep(): void {
    const longAgo = performance.now() - IDLE;
    const isIdle = (process: EngineProcess) => process.load === 0 && process.lastUsed < longAgo;
    for (const process of new Set(this.#own.values())) if (isIdle(process)) process.stop();
    const shared = [...this.#shared].filter(({ isUsable }) => isUsable);
    if (shared.length > this.#options.processes) shared.find(isIdle)?.stop();
  }
}

/** The one with the fewest sessions of others, then with the fewest of all. */
function least(processes: readonly EngineProcess[], principal: string): EngineProcess {
  const others = ({ instances }: EngineProcess) => [...instances.values()].filter((each) => each !== principal).length;
  return processes.reduce((best, process) => {
    const difference = others(process) - others(best) || process.instances.size - best.instances.size;
    return difference < 0 ? process : best;
  });
}
