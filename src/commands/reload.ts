/** `skua reload`: has a running server take its changed configuration. */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { loadConfig } from '../config/index.js';
import { messageOf } from '../errors.js';

export function reloadCommand(): Command {
  return new Command('reload')
    .description(
      'Check the configuration, and have the running server take what changed: certificates, catalogs, limits, the log level.',
    )
    .addOption(new Option('-c, --config <path>', 'the configuration, a TOML file').env('SKUA_CONFIG'))
    .option('--pid <id>', 'process id of the server; without it, the one in server.pid_file', Number)
    .action(async ({ config: path, pid }: { config?: string; pid?: number }) => {
      try {
        const config = loadConfig({ env: process.env, ...(path === undefined ? {} : { path }) });
        process.kill(pid ?? (await pidIn(config.server.pidFile)), 'SIGHUP');
        process.stdout.write('Told the server; its log says what it took.\n');
      } catch (error) {
        process.stderr.write(`${messageOf(error)}\n`);
        process.exitCode = 1;
      }
    });
}

async function pidIn(file: string | undefined): Promise<number> {
  if (file === undefined) throw new Error('Name the process with --pid, or set server.pid_file.');
  const pid = Number((await readFile(file, 'utf8')).trim());
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`${file} holds no process id.`);
  return pid;
}
