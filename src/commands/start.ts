/** `skua start`: the embedded stack and a server, left running, and how to connect to them. */
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createLogger } from '../logging.js';
import { startLocalServer } from './local-server.js';
import { untilStopped } from './signals.js';

const TOKEN_LIFETIME_SECONDS = 8 * 3600;

export function startCommand(): Command {
  return new Command('start')
    .description('Run the embedded stack (issuer, catalog, warehouse) with a server in front of it.')
    .option('--port <port>', 'port of the server; 0 takes a free one', parsePort, 50051)
    .option('--folder <folder>', 'where the data is kept', join('.skua', 'data'))
    .option('--verbose', 'log every call', false)
    .action(async (options: { port: number; folder: string; verbose: boolean }) => {
      const logger = createLogger({ level: options.verbose ? 'info' : 'warn', format: 'auto' });
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
  const port = address.slice(address.lastIndexOf(':') + 1);
  return `
Skua listens on grpc://${address}; its data is kept in ${folder}.
The tokens below are good for ${TOKEN_LIFETIME_SECONDS / 3600} hours.

  adminuser (reads and writes):
    export SKUA_TOKEN=${admin}

  testuser (reads only):
    export SKUA_TOKEN=${reader}

Set SKUA_TOKEN as above, then paste one of these:

  skua      node bin/skua.mjs query --address ${address} -e 'SHOW TABLES'

  pyarrow   python3 -c "import os, pyarrow.flight as f; c = f.connect('grpc://${address}'); o = f.FlightCallOptions(headers=[(b'authorization', b'Bearer ' + os.environb[b'SKUA_TOKEN'])]); q = b'SELECT 1 AS one'; t = b'type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery'; d = b'\\x0a' + bytes([len(t)]) + t + b'\\x12' + bytes([len(q) + 2]) + b'\\x0a' + bytes([len(q)]) + q; i = c.get_flight_info(f.FlightDescriptor.for_command(d), o); print(c.do_get(i.endpoints[0].ticket, o).read_all())"

  ADBC      python3 -c "import os, adbc_driver_flightsql.dbapi as d; c = d.connect('grpc://${address}', db_kwargs={'adbc.flight.sql.authorization_header': 'Bearer ' + os.environ['SKUA_TOKEN']}); u = c.cursor(); u.execute('SHOW TABLES'); print(u.fetchall())"

  JDBC      jdbc:arrow-flight-sql://127.0.0.1:${port}/?useEncryption=false&token=<the token>
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
