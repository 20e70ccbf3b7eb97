import type { TraceOptions, Traces } from './traces.js';

/** Loads what traces need, which is a good deal, and nothing to those who want none. */
export async function openTraces(options: TraceOptions): Promise<Traces> {
  const { Traces } = await import('./traces.js');
  return new Traces(options);
}
