/** The `skua` command. */
import { Command } from 'commander';
import { checkCommand } from './commands/check.js';
import { demoCommand } from './commands/demo.js';
import { queryCommand } from './commands/query.js';
import { serveCommand } from './commands/serve.js';
import { startCommand } from './commands/start.js';
import { messageOf } from './errors.js';
import { version } from './version.js';

const program = new Command('skua')
  .description('Arrow Flight SQL for Iceberg tables: bearer tokens in, record batches out.')
  .version(version)
  .addCommand(serveCommand())
  .addCommand(queryCommand())
  .addCommand(checkCommand())
  .addCommand(demoCommand())
  .addCommand(startCommand());

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
