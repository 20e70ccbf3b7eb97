/** Which hosts a catalog may send the server to: a store's endpoint, a signer, a signed address. What it answers is material, like any answer. */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SkuaError } from '../errors.js';

export interface EndpointOptions {
  /** `host`, `host:port` or `*.domain`: those alone. Default: all but the machine itself and addresses that no store has. */
  allowed?: readonly string[] | undefined;
  /** URLs that the configuration itself names; one on the machine itself lets catalogs name others there. */
  configured?: readonly string[] | undefined;
}

/** Addresses of metadata services and of the link, where no store is; and none at all. */
const NEVER = blockList([
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['168.63.129.16', 32, 'ipv4'],
  ['192.0.0.192', 32, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::', 32, 'ipv6'],
]);
const LOOPBACK = blockList([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]);

export class Endpoints {
  #allowed: readonly string[] | undefined;
  #configured: ReadonlySet<string> = new Set();
  #isLocal = false;

  constructor(options: EndpointOptions = {}) {
    this.use(options);
  }

  /** From now on these hold. */
  use({ allowed, configured = [] }: EndpointOptions): void {
    this.#allowed = allowed?.map((entry) => entry.toLowerCase());
    this.#configured = new Set(configured.map((url) => hostnameOf(new URL(url))));
    this.#isLocal = [...this.#configured].some((host) => host === 'localhost' || isIn(LOOPBACK, host));
  }

  /** PERMISSION_DENIED of a URL whose host may not be gone to. Of names, `lookup` sees what they stand for. */
  check(url: string, what = 'a store'): void {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      throw new SkuaError('PERMISSION_DENIED', `The catalog names ${what} by something that is no HTTP address.`);
    }
    const host = hostnameOf(parsed);
    const isGood = this.#isListed(host, parsed) ?? !this.#isForbidden(host);
    if (!isGood) throw refusal(what, parsed.host);
  }

  /** Whether the configuration names the URL's host, and not only lets it be. */
  isNamed(url: string): boolean {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    return parsed !== undefined && this.#isListed(hostnameOf(parsed), parsed) === true;
  }

  /** Resolves names for connections, without the addresses that are forbidden: a name that has only such is not found. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const isFree = this.#isListed(hostname.toLowerCase(), undefined) === true;
      const good = isFree ? addresses : addresses.filter(({ address }) => !this.#isForbidden(address));
      const [first] = good;
      if (!first) return callback(refusal('a host', hostname), '', 0);
      if (options.all) return callback(null, good);
      callback(null, first.address, first.family);
    });
  };

  /** Undefined where nothing is said of it. */
  #isListed(host: string, url: URL | undefined): boolean | undefined {
    if (this.#configured.has(host)) return true;
    if (!this.#allowed) return undefined;
    const port = url && (url.port || (url.protocol === 'https:' ? '443' : '80'));
    return this.#allowed.some((entry) => {
      if (entry.startsWith('*.')) return host.endsWith(entry.slice(1));
      return entry === host || (url ? entry === `${host}:${port}` : entry.startsWith(`${host}:`));
    });
  }

  #isForbidden(host: string): boolean {
    return isIn(NEVER, host) || (!this.#isLocal && (host === 'localhost' || isIn(LOOPBACK, host)));
  }
}

function refusal(what: string, host: string): SkuaError {
  return new SkuaError(
    'PERMISSION_DENIED',
    `The catalog names ${what} at '${host}', which storage.allowed_endpoints does not allow.`,
  );
}

/** In lower case; addresses without brackets. */
function hostnameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function blockList(subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) list.addSubnet(...subnet);
  return list;
}
