import { messageOf } from '../errors.js';
import { type AddressList, type Lookup, listedAddresses } from './addresses.js';
import { Peer, type PeerTls } from './peer.js';

export interface ClusterOptions extends AddressList {
  /** Where this server is reached by clients and the others: `grpc://10.0.0.5:50051`. */
  address: string;
  tls?: PeerTls | undefined;
  /** Told of servers that come and go, and of lists that can't be looked up. */
  onChange?: (change: { came?: string; left?: string; reason?: string }) => void;
  lookup?: Lookup;
}

/** How often the others are looked at, in milliseconds. */
const INTERVAL = 5000;

/** Knows which servers serve at this moment: each looks at all the others by itself, and nothing is agreed on. */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #peers = new Map<string, Peer>();
  #tls: PeerTls | undefined;
  #serving: readonly string[];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.#serving = [options.address];
  }

  /** Address of this one. */
  get own(): string {
    return this.#options.address;
  }

  /** Addresses of all that serve, this one's too, in one order at all servers. */
  get serving(): readonly string[] {
    return this.#serving;
  }

  /** Those of the others that serve. */
  get others(): Peer[] {
    return [...this.#peers.values()].filter(({ address }) => this.#serving.includes(address));
  }

  start(): void {
    void this.look();
    this.#timer = setInterval(() => void this.look(), INTERVAL);
    this.#timer.unref();
  }

  /** Shows another certificate from now on. Calls that are under way end as they began. */
  useCertificate({ certificate, key }: Pick<PeerTls, 'certificate' | 'key'>): void {
    this.#tls = { ...this.#tls, certificate, key };
    for (const [address, peer] of this.#peers) {
      this.#peers.set(address, new Peer(address, this.#tls));
      peer.close();
    }
  }

  /** Looks who is there. Never fails: whoever can't be reached does not serve. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { address: own, onChange } = this.#options;
    const listed = await listedAddresses(this.#options, this.#options).catch((error: unknown) => {
      onChange?.({ reason: messageOf(error) });
      return [...this.#peers.keys()];
    });
    const addresses = new Set(listed.filter((address) => address !== own));
    for (const [address, peer] of this.#peers) {
      if (addresses.has(address)) continue;
      this.#peers.delete(address);
      peer.close();
    }
    for (const address of addresses) {
      if (!this.#peers.has(address)) this.#peers.set(address, new Peer(address, this.#tls));
    }
    const answers = await Promise.all(
      [...this.#peers.values()].map(async (peer) => ((await peer.isServing()) ? [peer.address] : [])),
    );
    this.#use([own, ...answers.flat()].sort());
  }

  #use(serving: readonly string[]): void {
    const before = this.#serving;
    this.#serving = serving;
    for (const came of serving) if (!before.includes(came)) this.#options.onChange?.({ came });
    for (const left of before) if (!serving.includes(left)) this.#options.onChange?.({ left });
  }

  close(): void {
    clearInterval(this.#timer);
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
  }
}
