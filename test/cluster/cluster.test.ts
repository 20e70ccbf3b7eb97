import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { afterEach, expect, it } from 'vitest';
import { listedAddresses } from '../../src/cluster/addresses.js';
import { Cluster } from '../../src/cluster/index.js';
import { certify } from '../e2e/support/certificate.js';

const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

async function peer(
  credentials = ServerCredentials.createInsecure(),
  scheme = 'grpc',
): Promise<{ address: string; health: HealthImplementation; stop(): void }> {
  const server = new Server();
  const health = new HealthImplementation({ '': 'SERVING' });
  health.addToServer(server);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error === null ? resolve(bound) : reject(error))),
  );
  const stop = () => server.forceShutdown();
  ended.push(stop);
  return { address: `${scheme}://127.0.0.1:${port}`, health, stop };
}

function cluster(options: ConstructorParameters<typeof Cluster>[0]): Cluster {
  const made = new Cluster(options);
  ended.push(() => made.close());
  return made;
}

it('knows who serves, and forgets who drains, has gone, or never was', async () => {
  const [one, two] = [await peer(), await peer()];
  const own = 'grpc://127.0.0.1:1';
  const changes: object[] = [];
  const servers = [one.address, own, two.address, 'grpc://127.0.0.1:9'];
  const here = cluster({ address: own, servers, onChange: (change) => changes.push(change) });
  expect(here.serving).toEqual([own]);
  await here.look();
  expect(here.serving).toEqual([own, one.address, two.address].sort());
  expect(here.others.map(({ address }) => address).sort()).toEqual([one.address, two.address].sort());
  one.health.setStatus('', 'NOT_SERVING');
  two.stop();
  await here.look();
  expect(here.serving).toEqual([own]);
  expect(changes).toContainEqual({ came: one.address });
  expect(changes).toContainEqual({ left: two.address });
});

it('follows the addresses of a name, and keeps those that it knew while the name can not be looked up', async () => {
  const [one, two] = [await peer(), await peer()];
  const port = (address: string) => Number(address.split(':').at(-1));
  let found = [{ address: '127.0.0.1', family: 4 }];
  let fails = false;
  const reasons: (string | undefined)[] = [];
  const here = cluster({
    address: 'grpc://127.0.0.1:1',
    servers: [two.address],
    discover: `grpc://skua-headless:${port(one.address)}`,
    lookup: async () => {
      if (fails) throw new Error('no such name');
      return found;
    },
    onChange: ({ reason }) => reasons.push(reason),
  });
  await here.look();
  expect(here.serving).toHaveLength(3);
  fails = true;
  await here.look();
  expect(here.serving).toHaveLength(3);
  expect(reasons).toContain('no such name');
  fails = false;
  found = [];
  await here.look();
  expect(here.serving).toEqual(['grpc://127.0.0.1:1', two.address].sort());
});

it('reads addresses of both families, each once', async () => {
  const lookup = async () => [
    { address: '10.0.0.1', family: 4 },
    { address: 'fd00::1', family: 6 },
  ];
  const servers = ['grpc+tls://10.0.0.1:50051'];
  expect(await listedAddresses({ servers, discover: 'grpc+tls://skua:50051' }, { lookup })).toEqual([
    'grpc+tls://10.0.0.1:50051',
    'grpc+tls://[fd00::1]:50051',
  ]);
  expect(await listedAddresses({ servers: [...servers, ...servers] })).toEqual(servers);
});

it('shows its own certificate to servers that ask for one, and a new one from a reload on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skua-cluster-'));
  ended.push(() => rmSync(folder, { recursive: true, force: true }));
  certify(folder, 'trusted');
  const [certificate, key] = ['cert.pem', 'key.pem'].map((name) => readFileSync(join(folder, name))) as [
    Buffer,
    Buffer,
  ];
  const pair = [{ cert_chain: certificate, private_key: key }];
  const other = await peer(ServerCredentials.createSsl(certificate, pair, true), 'grpc+tls');
  const own = 'grpc+tls://127.0.0.1:1';
  const here = cluster({ address: own, servers: [other.address], tls: { ca: certificate } });
  await here.look();
  expect(here.serving).toEqual([own]);
  here.useCertificate({ certificate, key });
  await here.look();
  expect(here.serving).toEqual([own, other.address].sort());
});
