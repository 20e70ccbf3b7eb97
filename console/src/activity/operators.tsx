/** Processes, sessions and caches: all of them for operators, for others what the server tells them. */
import { rows } from '../data/small.js';
import { useLoad } from '../ui/load.js';
import { Sheet, shown } from '../ui/sheet.js';
import { bytesText, count, figure, momentText } from '../ui/text.js';

export function Operators() {
  const loaded = useLoad(async () => {
    const of = (table: string) => rows(`SELECT * FROM system.runtime.${table}`);
    const [nodes, sessions, caches] = await Promise.all([of('nodes'), of('sessions'), of('cache')]);
    return { nodes, sessions, caches };
  });
  if (loaded.state !== 'there' || loaded.value.nodes.length === 0) return null;
  const { nodes, sessions, caches } = loaded.value;
  return (
    <>
      <h2>Processes</h2>
      <Sheet
        label="Processes"
        rows={nodes}
        empty="None."
        columns={[
          { title: 'Kind', of: ({ kind }) => shown(kind) },
          { title: 'Process', numeric: true, of: ({ pid }) => shown(pid) },
          { title: 'Role', of: ({ role }) => shown(role) },
          { title: 'Version', of: ({ version }) => shown(version) },
          { title: 'Since', of: ({ started }) => (started === null ? '–' : momentText(shown(started))) },
          { title: 'Sessions', numeric: true, of: (node) => shown(node.sessions) },
          { title: 'Memory', numeric: true, of: (node) => figure(node.memory_bytes, bytesText) },
        ]}
      />
      <h2>Sessions</h2>
      <Sheet
        label="Sessions"
        rows={sessions}
        empty="None."
        columns={[
          { title: 'Subject', of: ({ subject }) => shown(subject) },
          { title: 'Schema', of: ({ catalog, schema }) => `${shown(catalog)} / ${shown(schema)}` },
          { title: 'Calls', numeric: true, of: ({ calls }) => shown(calls) },
          { title: 'Last used', of: (session) => momentText(shown(session.last_used)) },
          { title: 'Token until', of: (session) => momentText(shown(session.token_expires)) },
        ]}
      />
      {caches.length > 0 && <h2>Caches</h2>}
      <Sheet
        label="Caches"
        rows={caches}
        empty=""
        columns={[
          { title: 'Cache', of: ({ cache }) => shown(cache) },
          { title: 'Hits', numeric: true, of: ({ hits }) => figure(hits, count) },
          { title: 'Misses', numeric: true, of: ({ misses }) => figure(misses, count) },
          { title: 'Size', numeric: true, of: (cache) => figure(cache.bytes, bytesText) },
        ]}
      />
    </>
  );
}
