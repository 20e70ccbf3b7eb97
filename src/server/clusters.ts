/** The clusters that queries can run in besides the engine of this machine. */
import { readFile } from 'node:fs/promises';
import type { Config, EngineConfig } from '../config/index.js';
import { type Cluster, type ClusterPlace, type EngineSession, RoutedSession, SparkEngine } from '../engine/index.js';
import { messageOf, SkuaError } from '../errors.js';
import type { Call } from '../query/contract.js';

export interface Clusters {
  names: string[];
  /** The session's place in the local engine, from which its queries may go to a cluster. */
  routed(call: Call, local: EngineSession): Promise<EngineSession>;
  close(): Promise<void>;
}

/** `current`: the configuration as it is, whose catalogs the clusters read. */
export async function openClusters(config: Config, current: () => Config): Promise<Clusters> {
  const clusters = await Promise.all(
    Object.entries(config.engines).map(async ([name, engine]) => {
      return { engine, cluster: await openCluster(name, engine, current) };
    }),
  );
  return {
    names: clusters.map(({ cluster }) => cluster.name),
    async routed(call, local) {
      if (clusters.length === 0) return local;
      const rules = await Promise.all(
        clusters.map(async ({ engine, cluster }) => {
          const place = await placeOf(call, cluster);
          const { minScanSize: minimumScan, afterOutOfMemory: takesOutOfMemory } = engine;
          return [cluster.name, { place, minimumScan, takesOutOfMemory }] as const;
        }),
      );
      const { name: user, token } = call.principal;
      return new RoutedSession(local, new Map(rules), { user, authorization: token.header() });
    },
    async close() {
      await Promise.all(clusters.map(({ cluster }) => cluster.close()));
    },
  };
}

async function openCluster(name: string, engine: EngineConfig, current: () => Config): Promise<Cluster> {
  const { endpoint, tls, sendToken, certificateAuthorities, catalogProperties } = engine;
  return new SparkEngine({
    name,
    endpoint,
    tls,
    authorities: certificateAuthorities === undefined ? undefined : await authoritiesIn(certificateAuthorities),
    sendsToken: sendToken,
    catalogProperties: Object.fromEntries(catalogProperties.map(propertyOf)),
    catalogs: () => catalogsOf(current()),
  });
}

async function authoritiesIn(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `The certificates in ${path} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function propertyOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function catalogsOf({ catalogs }: Config) {
  const entries = Object.entries(catalogs).map(([name, { uri, warehouse, credentialDelegation }]) => {
    return [name, { uri, warehouse, vendsCredentials: credentialDelegation !== 'none' }] as const;
  });
  return Object.fromEntries(entries);
}

const PLACES = new WeakMap<Cluster, symbol>();

/** A session's place in a cluster; it goes when the session ends. */
function placeOf({ session }: Call, cluster: Cluster): Promise<ClusterPlace> {
  const key = PLACES.get(cluster) ?? Symbol(cluster.name);
  PLACES.set(cluster, key);
  return session.resource(
    key,
    async () => cluster.open(),
    (place) => place.close(),
  );
}
