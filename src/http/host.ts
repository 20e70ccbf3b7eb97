import type { IncomingMessage } from 'node:http';

/** A name or an IPv4 address, or an IPv6 address in brackets; a port. Parts of names have 63 characters at most (RFC 1035, section 2.3.4). */
const HOST = /^((?:[\w-]{1,63}\.)*[\w-]{1,63}\.?|\[[\da-f:.]{2,45}\])(?::(\d{1,5}))?$/i;
const LONGEST_NAME = 253;

/** What the client calls this machine, with and without the port. What is no host is not repeated: the address that was called stands for it. */
export function calledHost({ headers, socket }: IncomingMessage): { host: string; hostname: string } {
  const { host = '' } = headers;
  const [, hostname] = HOST.exec(host) ?? [];
  if (hostname !== undefined && hostname.length <= LONGEST_NAME) return { host, hostname };
  const { localAddress = 'localhost', localPort } = socket;
  const own = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return { host: localPort === undefined ? own : `${own}:${localPort}`, hostname: own };
}
