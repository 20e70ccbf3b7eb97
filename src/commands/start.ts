/** `skua start`: the embedded stack and a server, left running, and how to connect to them. */
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createLogger } from '../logging.js';
import { startLocalServer } from './local-server.js';
import { untilStopped } from './signals.js';
import { logUnforeseen } from './unforeseen.js';

const TOKEN_LIFETIME_SECONDS = 8 * 3600;
const QUERIES = 'quickstart/polaris-keycloak-user-token/queries.sql';

export function startCommand(): Command {
  return new Command('start')
    .description('Run the embedded stack (issuer, catalog, warehouse) with a server in front of it.')
    .option('--port <port>', 'port of the server; 0 takes a free one', parsePort, 50051)
    .option('--folder <folder>', 'where the data is kept', join('.skua', 'data'))
    .option('--verbose', 'log every call', false)
    .action(async (options: { port: number; folder: string; verbose: boolean }) => {
      const logger = createLogger({ level: options.verbose ? 'info' : 'warn', format: 'auto' });
      logUnforeseen(logger);
      const local = await startLocalServer({
        logger,
        port: options.port,
        folder: options.folder,
        tokenLifetime: TOKEN_LIFETIME_SECONDS,
      });
      const [admin, reader] = await Promise.all([local.token('adminuser'), local.token('testuser')]);
      process.stdout.write(howToConnect(local.server.address, options.folder, admin, reader));
      await untilStopped();
      process.stdout.write('\nStopping …\n');
      await local.stop();
    });
}

function howToConnect(address: string, folder: string, admin: string, reader: string): string {
  return `
Skua listens on grpc://${address}; its data is kept in ${folder}.
The tokens below are good for ${TOKEN_LIFETIME_SECONDS / 3600} hours.

  adminuser (reads and writes):
    export SKUA_TOKEN=${admin}

  testuser (reads only):
    export SKUA_TOKEN=${reader}

Set SKUA_TOKEN as above, then paste one of these in this folder (more clients: docs/clients.md):

  skua      node bin/skua.cjs query --address ${address} --file ${QUERIES}

  pyarrow   PYTHONPATH=test/clients python3 -c "import os, flight_sql_caller as f; print(f.Caller('${address}', os.environ['SKUA_TOKEN']).query('SHOW SCHEMAS'))"

  ADBC      python3 -c "import os, adbc_driver_flightsql.dbapi as d; c = d.connect('grpc://${address}', {'adbc.flight.sql.authorization_header': 'Bearer ' + os.environ['SKUA_TOKEN']}, autocommit=True).cursor(); c.execute('SHOW SCHEMAS'); print(c.fetchall())"

  JDBC      jdbc:arrow-flight-sql://${address}/?useEncryption=false&token=<the token>
            (driver org.apache.arrow:flight-sql-jdbc-driver:18.3.0, JVM option --add-opens=java.base/java.nio=ALL-UNNAMED)

  grpcurl   grpcurl -plaintext -H "authorization: Bearer $SKUA_TOKEN" ${address} list

Ctrl-C stops everything.
`;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new InvalidArgumentError('A port is an integer from 0 to 65535.');
  return port;
}
