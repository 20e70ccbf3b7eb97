import { Command, Option } from 'commander';
import { type Config, loadConfig, unsafeSettings } from '../config/index.js';
import { messageOf } from '../errors.js';
import { type CheckLine, checkServices } from '../server/index.js';

interface CheckOptions {
  config?: string;
  production: boolean;
}

/** `skua check`: whether the configuration is sound and what it names can be reached; exit code 1 when something is wrong. */
export function checkCommand(): Command {
  return new Command('check')
    .description('Say whether the configuration is sound, and whether issuer, catalog and store can be reached.')
    .addOption(new Option('-c, --config <path>', 'the configuration, a TOML file').env('SKUA_CONFIG'))
    .option('--production', 'also refuse settings that are only fine on a laptop', false)
    .action(async (options: CheckOptions) => {
      process.exitCode = (await check(options)) ? 0 : 1;
    });
}

async function check({ config: path, production }: CheckOptions): Promise<boolean> {
  let config: Config;
  try {
    config = loadConfig({ env: process.env, ...(path === undefined ? {} : { path }) });
  } catch (error) {
    process.stdout.write(`${messageOf(error)}\n`);
    return false;
  }
  let isSound = true;
  const show = ({ ok, what, message }: CheckLine) => {
    isSound &&= ok;
    process.stdout.write(`${ok ? 'ok   ' : 'FAIL '} ${what}: ${message}\n`);
  };
  show({
    ok: true,
    what: 'configuration',
    message: path === undefined ? 'valid (environment alone)' : `${path} is valid`,
  });
  for (const { key, reason } of unsafeSettings(config)) {
    show({ ok: !production, what: key, message: `${production ? 'not for production' : 'unsafe'}: ${reason}` });
  }
  for await (const line of checkServices(config)) show(line);
  return isSound;
}
