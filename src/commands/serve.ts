/** `skua serve`: the server, until a signal stops it. */
import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { createLogger } from '../logging.js';
import { startServer } from '../server/index.js';
import { untilStopped } from './signals.js';
import { logUnforeseen } from './unforeseen.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the Flight SQL server.')
    .option('-c, --config <file>', 'configuration file (TOML); without it, SKUA_CONFIG or the environment alone')
    .action(async ({ config: path = process.env.SKUA_CONFIG }: { config?: string }) => {
      const config = loadConfig({ path, env: process.env });
      const logger = createLogger(config.logging);
      logUnforeseen(logger);
      const server = await startServer(config, { logger });
      logger.info({ address: server.address }, 'Skua is listening');
      await untilStopped();
      logger.info('Draining: running statements finish, new calls are refused');
      const hasEnded = await server.stop();
      logger.info('Stopped');
      if (!hasEnded) process.exit(0);
    });
}
