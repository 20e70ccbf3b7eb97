/** `system.runtime` over all servers: each tells the caller's part of what it knows, asked with the caller's own token. */
import type { Principal } from '../auth/index.js';
import type { Cluster } from '../cluster/index.js';
import type { NodeEntry, StatementEntry, SystemQuestion, SystemSource } from '../query/index.js';

/** Of a server that does not answer there are no entries; among the nodes it stands without figures. */
export function acrossServers(local: SystemSource, cluster: Cluster): SystemSource {
  async function all<Entry extends object>(
    principal: Principal,
    list: 'statements' | 'sessions' | 'nodes' | 'caches',
    here: Promise<Entry[]>,
    silent: (server: string) => Entry[] = () => [],
  ): Promise<Entry[]> {
    const question: SystemQuestion = { list };
    const elsewhere = cluster.others.map(async (peer) => {
      const answer = (await peer.ask(principal.token, question)) as Entry[] | undefined;
      return answer === undefined ? silent(peer.address) : entriesOf(peer.address, answer);
    });
    const [own, ...others] = await Promise.all([here, ...elsewhere]);
    return [...entriesOf(cluster.own, own ?? []), ...others.flat()];
  }
  return {
    async statements(principal) {
      const entries = await all(principal, 'statements', local.statements(principal));
      return entries.sort(runningFirst);
    },
    sessions: (principal) => all(principal, 'sessions', local.sessions(principal)),
    nodes: (principal) => all(principal, 'nodes', local.nodes(principal), (server) => [unknownNode(server)]),
    caches: (principal) => all(principal, 'caches', local.caches(principal)),
    settings: (principal) => local.settings(principal),
    async stop(principal, id) {
      if (await local.stop(principal, id)) return true;
      const question: SystemQuestion = { stop: id };
      const answers = await Promise.all(cluster.others.map((peer) => peer.ask(principal.token, question)));
      return answers.some((answer) => answer?.[0] === true);
    },
  };
}

function entriesOf<Entry extends object>(server: string, entries: Entry[]): Entry[] {
  return entries.map((entry) => ({ ...entry, server }));
}

/** What runs comes before what has ended, and each newest first. */
function runningFirst(left: StatementEntry, right: StatementEntry): number {
  const [leftRuns, rightRuns] = [left.ended === undefined, right.ended === undefined];
  if (leftRuns !== rightRuns) return leftRuns ? -1 : 1;
  return (right.ended ?? right.started) - (left.ended ?? left.started);
}

function unknownNode(server: string): NodeEntry {
  return {
    kind: 'server',
    role: 'server',
    server,
    pid: undefined,
    version: undefined,
    started: undefined,
    sessions: undefined,
    requests: undefined,
    memory: undefined,
  };
}
