/** The servers that stand beside this one. */
export { Cluster, type ClusterOptions } from './cluster.js';
export type { Peer } from './peer.js';
