import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Metrics } from '../../src/observe/index.js';

const page = readFileSync(fileURLToPath(new URL('../../docs/operate.md', import.meta.url)), 'utf8');

/** Every metric, as `/metrics` names it. */
async function names(): Promise<string[]> {
  const metrics = new Metrics('0.0.0');
  metrics.watch({
    running: () => ({ calls: 0, statements: 0, waiting: 0 }),
    sessions: () => 0,
    caches: () => [],
    engineProcesses: () => [],
    memoryOf: async () => 0,
    spilledBytes: async () => 0,
  });
  const { text } = await metrics.text();
  return [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name as string).sort();
}

it('docs/operate.md names every metric, and none that there is not', async () => {
  const told = new Set([...page.matchAll(/`(skua_\w+)`/g)].map(([, name]) => name as string));
  expect([...told].sort()).toEqual((await names()).filter((name) => name.startsWith('skua_')));
});

/** Names of metrics in PromQL, without what histograms add to theirs. */
function namesIn(expression: string): string[] {
  return [...expression.matchAll(/\b((?:skua|nodejs|process)_\w+)/g)].map(([, name = '']) =>
    name.replace(/_seconds_(bucket|sum|count)$/, '_seconds'),
  );
}

it('the dashboard and the alerts ask for metrics that there are', async () => {
  const monitoring = (path: string) =>
    readFileSync(fileURLToPath(new URL(`../../quickstart/monitoring/${path}`, import.meta.url)), 'utf8');
  const dashboard = JSON.parse(monitoring('grafana/dashboards/skua.json')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => namesIn(expr)));
  const watched = [...monitoring('alerts.yml').matchAll(/expr: (.*)/g)].flatMap(([, expression = '']) =>
    namesIn(expression),
  );
  const known = await names();
  expect(shown.length).toBeGreaterThan(20);
  expect(watched.length).toBeGreaterThan(5);
  for (const name of [...shown, ...watched]) expect(known).toContain(name);
  // Every one of Skua's own is shown.
  expect([...new Set(shown)].filter((name) => name.startsWith('skua_')).sort()).toEqual(
    known.filter((name) => name.startsWith('skua_')),
  );
});
