import { z } from 'zod';

/** What an engine process is started with, as JSON in its first argument. */
const settings = z.strictObject({
  /** The process that started this one. */
  parent: z.number().int(),
  /** Bytes of memory that the process may use. */
  memory: z.number().positive(),
  /** Sizes of the shared memory, in bytes; 0 where there is none. */
  ownBytes: z.number().nonnegative(),
  serverBytes: z.number().nonnegative(),
});

export type ProcessSettings = z.output<typeof settings>;

export function settingsFrom(text: string | undefined): ProcessSettings {
  return settings.parse(JSON.parse(text ?? '{}'));
}
