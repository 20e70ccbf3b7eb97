import type { Logger } from '../logging.js';

/** A failure that nobody waits for is a fault of the server's, and no reason to end what all others are doing. */
export function logUncaught(logger: Logger): void {
  process.on('unhandledRejection', (error) => logger.error({ error }, 'A failure that nobody waited for'));
}
