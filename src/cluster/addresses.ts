/** Where the servers of a cluster are: a list, or all addresses that a name has. */
import { lookup as lookUp } from 'node:dns/promises';

export interface AddressList {
  /** `grpc://host:port`; this server's own may be among them. */
  servers: readonly string[];
  /** A URL whose host has one address for each server, as a headless Service of Kubernetes has. */
  discover?: string | undefined;
}

/** All addresses of a host. */
export type Lookup = (host: string) => Promise<{ address: string; family: number }[]>;

const allAddresses: Lookup = (host) => lookUp(host, { all: true });

/** Without repetitions. Fails where the name can't be looked up. */
export async function listedAddresses(
  { servers, discover }: AddressList,
  { lookup = allAddresses }: { lookup?: Lookup } = {},
): Promise<string[]> {
  if (discover === undefined) return [...new Set(servers)];
  // A scheme that the URL standard knows, so that host and port are told apart.
  const { hostname, port } = new URL(discover.replace(/^grpc(?:\+\w+)?:/, 'http:'));
  const scheme = discover.slice(0, discover.indexOf('://'));
  const found = await lookup(hostname);
  const urls = found.map(
    ({ address, family }) => `${scheme}://${family === 6 ? `[${address}]` : address}:${port || '80'}`,
  );
  return [...new Set([...servers, ...urls])];
}
