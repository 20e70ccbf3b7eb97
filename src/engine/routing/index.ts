/** Chooses the engine that runs a statement. */
export type * from './contract.js';
export { type ClusterRule, LOCAL, RoutedSession } from './routed-session.js';
