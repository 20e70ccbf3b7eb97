/** `skua start`: the embedded stack and a server, left running, and how to connect to them. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import type { Policy } from '../embedded/index.js';
import { createLogger } from '../logging.js';
import { collectAtRest, spareCollections } from './collections.js';
import { type LocalServer, startLocalServer } from './local-server.js';
import { untilStopped } from './signals.js';
import { logUncaught } from './uncaught.js';

const TOKEN_LIFETIME_SECONDS = 8 * 3600;
const CLONE = fileURLToPath(new URL('../../', import.meta.url));
const QUERIES = 'quickstart/polaris-keycloak-user-token/queries.sql';

export function startCommand(): Command {
  return new Command('start')
    .description('Run the embedded stack (issuer, catalog, warehouse) with a server in front of it.')
    .option('--port <port>', 'port of the server; 0 takes a free one', parsePort, 50051)
    .option(
      '--http-port <port>',
      'port for HTTP; 0 takes a free one (default: 50080, or a free one where that is taken)',
      parsePort,
    )
    .option('--folder <folder>', 'where the data is kept', join('.skua', 'data'))
    .option('--verbose', 'log every call', false)
    .action(async (options: { port: number; httpPort?: number; folder: string; verbose: boolean }) => {
      const logger = createLogger({ level: options.verbose ? 'info' : 'warn', format: 'auto' });
      logUncaught(logger);
      spareCollections();
      const local = await startLocalServer({
        logger,
        port: options.port,
        httpPort: options.httpPort,
        folder: options.folder,
        tokenLifetime: TOKEN_LIFETIME_SECONDS,
      });
      collectAtRest(() => local.server.running);
      const users = ['adminuser', 'testuser', 'analyst'];
      const tokens = await Promise.all(users.map((user) => local.token(user)));
      process.stdout.write(howToConnect(local, options.folder, tokens));
      await untilStopped();
      process.stdout.write('\nStopping …\n');
      await local.stop();
    });
}

function howToConnect({ server: { address, httpUrl }, stack }: LocalServer, folder: string, tokens: string[]): string {
  const [admin, reader, analyst] = tokens;
  const isClone = process.cwd() === resolve(CLONE);
  // The module that it imports is no part of the package.
  const pyarrow = `  pyarrow   PYTHONPATH=test/clients python3 -c "import os, flight_sql_caller as f; print(f.Caller('${address}', os.environ['SKUA_TOKEN']).query('SHOW SCHEMAS'))"

`;
  const skua = isClone ? 'node bin/skua.cjs' : 'npx skua';
  return `
Skua listens on grpc://${address} and ${httpUrl}; its data is kept in ${folder}.
The tokens below are good for ${TOKEN_LIFETIME_SECONDS / 3600} hours.

  adminuser (reads and writes):
    export SKUA_TOKEN=${admin}

  testuser (reads only):
    export SKUA_TOKEN=${reader}

  analyst (reads what policies leave: ${policyOf(stack.catalog.policies)}):
    export SKUA_TOKEN=${analyst}

  in a browser: ${httpUrl}/console/ (adminuser / adminuser123, testuser / testuser123, analyst / analyst123)

Set SKUA_TOKEN as above, then paste one of these${isClone ? ' in this folder' : ''} (more clients: docs/clients.md):

  skua      ${skua} query --address ${address} --file ${isClone ? QUERIES : join(CLONE, QUERIES)}

${isClone ? pyarrow : ''}  ADBC      python3 -c "import os, adbc_driver_flightsql.dbapi as d; c = d.connect('grpc://${address}', {'adbc.flight.sql.authorization_header': 'Bearer ' + os.environ['SKUA_TOKEN']}, autocommit=True).cursor(); c.execute('SHOW SCHEMAS'); print(c.fetchall())"

  JDBC      jdbc:arrow-flight-sql://${address}/?useEncryption=false&token=<the token>
            (driver org.apache.arrow:flight-sql-jdbc-driver:18.3.0, JVM option --add-opens=java.base/java.nio=ALL-UNNAMED)

  curl      curl -s ${httpUrl}/v1/statements -H "authorization: Bearer $SKUA_TOKEN" -H 'content-type: application/sql' -d 'SHOW SCHEMAS'

  grpcurl   grpcurl -plaintext -H "authorization: Bearer $SKUA_TOKEN" ${address} list

Ctrl-C stops everything.
`;
}

/** What the policies of the analyst's role do, in words. */
function policyOf(policies: readonly Policy[]): string {
  const own = policies.filter(({ role }) => role === 'analyst');
  if (own.length === 0) return 'there are none yet, docs/governance.md says how to write one';
  return own
    .map(({ table, rowFilter, masks = {} }) => {
      const masked = Object.entries(masks).map(([column, action]) => `${column} by ${action}`);
      return [
        `of ${table}`,
        rowFilter === undefined ? 'all rows' : 'only rows that its filter lets through',
        masked.length > 0 ? `masked are ${masked.join(', ')}` : 'no column masked',
      ].join(', ');
    })
    .join('; ');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError('A port is an integer from 0 to 65535.');
  return port;
}
