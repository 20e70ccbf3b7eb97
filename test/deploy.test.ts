import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../scripts/real/index.mjs';
import { loadConfig } from '../src/config/index.js';

const chart = join(repository, 'charts/skua');
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };

/** The lines of a block in YAML, without their indentation. */
function block(text: string, key: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => new RegExp(`^\\s*${key}: \\|`).test(line));
  const depth = /^ */.exec(lines[start + 1] ?? '')?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex(
    (line) => line.trim() !== '' && /^ */.exec(line)?.[0].length !== undefined && line.search(/\S/) < depth,
  );
  return rest
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.slice(depth))
    .join('\n');
}

describe('the Helm chart', () => {
  it('is of the version of the package', () => {
    const text = readFileSync(join(chart, 'Chart.yaml'), 'utf8');
    expect(text).toContain(`\nversion: ${manifest.version}\n`);
    expect(text).toContain(`\nappVersion: ${manifest.version}\n`);
  });

  it('has a configuration by default that the server takes', () => {
    const config = loadConfig({ env: {}, text: block(readFileSync(join(chart, 'values.yaml'), 'utf8'), 'config') });
    expect([config.server.port, config.http.host, config.default.catalog]).toEqual([50051, '0.0.0.0', 'lake']);
  });

  it('takes new connections until nodes know that a pod ends, and kills none before it has drained', () => {
    const values = readFileSync(join(chart, 'values.yaml'), 'utf8');
    const value = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(values)?.[1] ?? '';
    const env = { SKUA_SERVER__DRAIN_DELAY: value('drainDelay') };
    const { drainDelay, drainNotice, drainTimeout } = loadConfig({ env, text: block(values, 'config') }).server;
    expect(drainDelay).toBeGreaterThan(0);
    expect(Number(value('terminationGracePeriodSeconds')) * 1000).toBeGreaterThanOrEqual(
      drainDelay + drainNotice + drainTimeout + 10_000,
    );
    expect(readFileSync(join(chart, 'templates/deployment.yaml'), 'utf8')).toMatch(
      /SKUA_SERVER__DRAIN_DELAY\n +value: \{\{ \.Values\.drainDelay \| quote \}\}/,
    );
  });
});

describe('the systemd unit', () => {
  it('has sections and directives, each with a value, and leaves the service no way to more rights', () => {
    const text = readFileSync(join(repository, 'deploy/systemd/skua.service'), 'utf8');
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => !/^(\[\w+\]|[A-Z]\w+=.*)$/.test(line))).toEqual([]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'DynamicUser=yes',
        'NoNewPrivileges=yes',
        'ProtectSystem=strict',
        'CapabilityBoundingSet=',
        'ExecReload=/usr/bin/env skua reload --config /etc/skua/skua.toml --pid $MAINPID',
      ]),
    );
  });
});

describe('the image', () => {
  it('is built from what is there, and does not run as root', () => {
    const text = readFileSync(join(repository, 'Dockerfile'), 'utf8');
    const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n');
    const copied = [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) => paths.split(' '));
    expect(copied.filter((path) => !ignored.includes(`!${path}`))).toEqual([]);
    expect(text).toMatch(/^USER 1000:1000$/m);
  });
});
