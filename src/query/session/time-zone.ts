/** The session's time zone: in it stand times with time zone where they are cast to text, dates or times without zone, and back. */
import type { Session } from '../../session/index.js';

/** The setting's name. */
export const TIME_ZONE = 'timezone';

/** A name of the IANA database; undefined for UTC. */
export function timeZoneOf({ options }: Pick<Session, 'options'>): string | undefined {
  const name = options.get(TIME_ZONE);
  return typeof name === 'string' && name !== 'UTC' ? name : undefined;
}
