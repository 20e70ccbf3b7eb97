/** The servers beside this one, as the configuration names them. */
import { readFile } from 'node:fs/promises';
import { Cluster } from '../cluster/index.js';
import type { Config } from '../config/index.js';
import type { Logger } from '../logging.js';
import type { TlsMaterial } from '../tls-files.js';

/** Undefined for a server that stands alone. `tls` is the server's own. */
export async function openCluster(
  { cluster }: Config,
  logger: Logger,
  tls: TlsMaterial | undefined,
): Promise<Cluster | undefined> {
  const { address, servers, discover, ca } = cluster;
  if (address === undefined) return undefined;
  return new Cluster({
    address,
    servers,
    discover,
    tls: {
      ca: ca === undefined ? undefined : await readFile(ca),
      certificate: tls?.certificate,
      key: tls?.key,
    },
    onChange: ({ came, left, reason }) => {
      if (came !== undefined) logger.info({ server: came }, 'Another server serves');
      if (left !== undefined) logger.warn({ server: left }, 'Another server does not serve any more');
      if (reason !== undefined) logger.warn({ reason }, 'The other servers could not be looked up');
    },
  });
}
