/** The `skua` command. */
import { Command } from 'commander';
import { messageOf } from './errors.js';
import { version } from './version.js';

/** Each is loaded only when it is called, or all to say what there is: a prompt need not wait for the server's code. */
const commands: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./commands/serve.js')).serveCommand(),
  query: async () => (await import('./commands/query.js')).queryCommand(),
  top: async () => (await import('./commands/top.js')).topCommand(),
  login: async () => (await import('./commands/login.js')).loginCommand(),
  logout: async () => (await import('./commands/login.js')).logoutCommand(),
  check: async () => (await import('./commands/check.js')).checkCommand(),
  reload: async () => (await import('./commands/reload.js')).reloadCommand(),
  demo: async () => (await import('./commands/demo.js')).demoCommand(),
  start: async () => (await import('./commands/start.js')).startCommand(),
};

async function main(): Promise<void> {
  const program = new Command('skua')
    .description('Arrow Flight SQL for Iceberg tables: bearer tokens in, record batches out.')
    .version(version);
  const named = commands[process.argv[2] ?? ''];
  const wanted = named === undefined ? Object.values(commands) : [named];
  if (process.argv[2] !== '--version') for (const load of wanted) program.addCommand(await load());
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
