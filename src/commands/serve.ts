/** `skua serve`: the server, until a signal stops it. */
import { rm, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { type Config, loadConfig } from '../config/index.js';
import { messageOf } from '../errors.js';
import { createLogger, type Logger } from '../logging.js';
import { type RunningServer, startServer } from '../server/index.js';
import { collectAtRest, spareCollections } from './collections.js';
import { untilStopped } from './signals.js';
import { logUncaught } from './uncaught.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the Flight SQL server.')
    .option('-c, --config <file>', 'configuration file (TOML); without it, SKUA_CONFIG or the environment alone')
    .action(async ({ config: path = process.env.SKUA_CONFIG }: { config?: string }) => {
      const config = loadConfig({ path, env: process.env });
      const logger = createLogger(config.logging);
      logUncaught(logger);
      spareCollections();
      const server = await startServer(config, { logger, warmsUp: true });
      collectAtRest(() => server.running);
      logger.info({ address: server.address, http: server.httpUrl }, 'Skua is listening');
      const reload = () => {
        reloading(server, () => loadConfig({ path, env: process.env }), logger);
      };
      process.on('SIGHUP', reload);
      await withPidFile(config.server.pidFile, untilStopped);
      process.off('SIGHUP', reload);
      logger.info('Draining: running statements finish, new calls are refused');
      const hasEnded = await server.stop();
      logger.info('Stopped');
      if (!hasEnded) process.exit(0);
    });
}

/** A configuration that is not sound changes nothing. */
function reloading(server: RunningServer, load: () => Config, logger: Logger): void {
  const reloaded = (async () => server.reload(load()))();
  reloaded.catch((error) => logger.error({ reason: messageOf(error) }, 'The configuration stays as it was'));
}

async function withPidFile(path: string | undefined, work: () => Promise<void>): Promise<void> {
  if (path === undefined) return work();
  await writeFile(path, `${process.pid}\n`);
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}
