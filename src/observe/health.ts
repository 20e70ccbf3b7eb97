/** Whether what the server depends on is there: looked for in the background, so that nobody who asks has to wait. */
import { messageOf } from '../errors.js';

export interface Check {
  /** `issuer https://…`, `catalog lake`, `store https://…`, `engine`. */
  name: string;
  /** What is there; throws what is not. */
  look(): Promise<string>;
}

export interface CheckState {
  name: string;
  ok: boolean;
  message: string;
  /** When this was found, milliseconds since the epoch; absent where nobody has looked yet. */
  since?: number;
}

export interface HealthOptions {
  /** Between two looks, in milliseconds. Default: 10 seconds. */
  interval?: number;
  /** A check that takes longer has failed, in milliseconds. Default: 5 seconds. */
  timeout?: number;
  /** Told whenever one thing comes or goes. */
  onChange?(state: CheckState): void;
  /** Told after a look whether all is there, where that was not told before. */
  onReady?(ready: boolean): void;
}

export class Health {
  readonly #checks: readonly Check[];
  readonly #options: HealthOptions;
  readonly #states: CheckState[];
  #draining = false;
  #toldReady: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(checks: readonly Check[], options: HealthOptions = {}) {
    this.#checks = checks;
    this.#options = options;
    this.#states = checks.map(({ name }) => ({ name, ok: false, message: 'not looked for yet' }));
  }

  /** Looks for everything again and again. */
  start(): void {
    const { interval = 10_000 } = this.#options;
    this.#timer = setInterval(() => void this.look(), interval);
    this.#timer.unref();
  }

  /** Looks for everything once; those who ask at the same time share one look. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAround().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** As of the last look. */
  get report(): { ready: boolean; draining: boolean; checks: CheckState[] } {
    return {
      ready: !this.#draining && this.#states.every(({ ok }) => ok),
      draining: this.#draining,
      checks: this.#states.map((state) => ({ ...state })),
    };
  }

  /** From now on the server is not ready, whatever is there. */
  drain(): void {
    this.#draining = true;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #lookAround(): Promise<void> {
    await Promise.all(this.#checks.map((check, index) => this.#lookFor(check, index)));
    const { ready } = this.report;
    if (ready === this.#toldReady) return;
    this.#toldReady = ready;
    this.#options.onReady?.(ready);
  }

  async #lookFor(check: Check, index: number): Promise<void> {
    const state = await this.#stateOf(check);
    const before = this.#states[index];
    const isSame = before?.since !== undefined && before.ok === state.ok;
    this.#states[index] = isSame ? { ...state, since: before.since as number } : { ...state, since: Date.now() };
    if (!isSame) this.#options.onChange?.(state);
  }

  async #stateOf({ name, look }: Check): Promise<CheckState> {
    const { timeout = 5000 } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    });
    try {
      return { name, ok: true, message: await Promise.race([look(), late]) };
    } catch (error) {
      return { name, ok: false, message: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}
