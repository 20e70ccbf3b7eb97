import { setMaxListeners } from 'node:events';

/** A signal that aborts when one of those given does. Any number of parallel requests may listen to it. */
export function anySignal(...signals: (AbortSignal | undefined)[]): AbortSignal {
  const signal = AbortSignal.any(signals.filter((given) => given !== undefined));
  setMaxListeners(0, signal);
  return signal;
}
