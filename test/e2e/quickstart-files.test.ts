import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parts, repository } from '../../scripts/real/index.mjs';
import { loadConfig } from '../../src/config/index.js';
import { isMissing } from './support/real-clients.js';

const folder = join(repository, 'quickstart/polaris-keycloak-user-token');

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  environment?: Record<string, string>;
  volumes?: { type: string; source: string; target: string }[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  ports?: { published: string; target: number; host_ip: string }[];
}

/** The compose file as the Compose specification's own parser understands it. */
function compose(): Record<string, Service> {
  const parser = parts.compose.find().path ?? '';
  const result = spawnSync(parser, ['-format', 'json', join(repository, 'docker-compose.yml')], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`docker-compose.yml: ${result.stderr}`);
  return JSON.parse(result.stdout).services;
}

describe.skipIf(isMissing('compose'))('docker-compose.yml', () => {
  it('mounts only files that are there', () => {
    for (const [name, service] of Object.entries(compose())) {
      for (const volume of service.volumes ?? []) {
        if (volume.type === 'bind') expect(existsSync(volume.source), `${name}: ${volume.source}`).toBe(true);
      }
    }
  });

  it('waits for a service to be healthy only where it has a health check', () => {
    const services = compose();
    const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8');
    for (const [name, service] of Object.entries(services)) {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        if (condition !== 'service_healthy') continue;
        expect(services[needed]?.healthcheck, `${name} waits for ${needed}`).toBeDefined();
      }
    }
    expect(dockerfile).toContain('HEALTHCHECK');
  });

  it('pins every image to a version', () => {
    for (const { image } of Object.values(compose())) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  });

  it("gives the store's key to those who need it, and not to Skua", () => {
    const services = compose();
    const holders = Object.entries(services)
      .filter(([, service]) => Object.values(service.environment ?? {}).includes('s3adminpw'))
      .map(([name]) => name);
    expect(holders.sort()).toEqual(['polaris', 'rustfs', 'rustfs-bucket']);
    expect(services.skua?.environment ?? {}).toEqual({});
  });

  it('offers its ports to this machine only', () => {
    for (const service of Object.values(compose())) {
      for (const port of service.ports ?? []) expect(port.host_ip).toBe('127.0.0.1');
    }
  });

  it('tells Polaris, Keycloak and Skua the same issuer', () => {
    const { keycloak, polaris, skua } = compose();
    const issuer = `${keycloak?.environment?.KC_HOSTNAME}/realms/iceberg`;
    expect(polaris?.environment?.['quarkus.oidc.token.issuer']).toBe(issuer);
    const mounted = skua?.volumes?.find(({ target }) => target === '/etc/skua/skua.toml')?.source ?? '';
    const config = loadConfig({ path: mounted, env: {} });
    expect(config.auth.map((auth) => auth.issuer)).toEqual([issuer]);
    expect(config.auth[0]?.audience).toEqual([polaris?.environment?.['quarkus.oidc.token.audience']]);
    expect(config.catalogs.quickstart?.uri).toBe('http://polaris:8181/api/catalog');
    expect(config.server.port).toBe(skua?.ports?.[0]?.target);
  });

  it('takes every variable of .env.example', () => {
    const text = readFileSync(join(repository, 'docker-compose.yml'), 'utf8');
    const names = [...readFileSync(join(folder, '.env.example'), 'utf8').matchAll(/^([A-Z_0-9]+)=(.*)$/gm)];
    expect(names.length).toBeGreaterThan(3);
    for (const [, name, value] of names) expect(text).toContain(`\${${name}:-${value}}`);
  });
});

describe('the image', () => {
  it('is built from files that .dockerignore lets through', () => {
    const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n');
    const dockerfile = readFileSync(join(repository, 'Dockerfile'), 'utf8');
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) =>
      (list ?? '').split(' '),
    );
    expect(sources).toContain('proto');
    for (const source of sources) {
      expect(existsSync(join(repository, source)), source).toBe(true);
      expect(ignored).toContain(`!${source.replace(/^\.\//, '')}`);
    }
  });

  it('runs as a user without rights', () => {
    expect(readFileSync(join(repository, 'Dockerfile'), 'utf8')).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });
});

describe('the scripts of the quickstart', () => {
  for (const script of ['run.sh', 'scenario.sh', 'rustfs-bucket.sh', 'polaris/bootstrap.sh']) {
    it(`${script} is sound shell`, () => {
      const path = join(folder, script);
      const shell = readFileSync(path, 'utf8').startsWith('#!/bin/sh') ? 'sh' : 'bash';
      const result = spawnSync(shell, ['-n', path], { encoding: 'utf8', cwd: dirname(path) });
      expect(result.stderr).toBe('');
      expect(result.status).toBe(0);
    });
  }
});
