import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from '../../scripts/real/index.mjs';

interface Asked {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

const script = join(repository, 'quickstart/polaris-keycloak-user-token/polaris/bootstrap.sh');

/** A server that takes what the management API of Polaris takes, and remembers it. */
describe('polaris/bootstrap.sh', () => {
  let server: Server;
  let asked: Asked[];
  let status: number;

  beforeEach(async () => {
    asked = [];
    status = 201;
    server = createServer(async (request, response) => {
      const { method = '', url: path = '', headers } = request;
      const body = await text(request);
      if (path === '/api/catalog/v1/oauth/tokens') {
        const secret = new URLSearchParams(body).get('client_secret');
        response.writeHead(secret === 'a secret' ? 200 : 401, { 'content-type': 'application/json' });
        response.end(secret === 'a secret' ? '{"access_token":"root-token","token_type":"bearer"}' : '');
        return;
      }
      asked.push({ method, path, authorization: headers.authorization, body });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{"message":"an answer"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  async function bootstrap(secret = 'a secret') {
    const child = spawn('sh', [script], {
      env: {
        ...process.env,
        POLARIS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        POLARIS_ROOT_SECRET: secret,
        S3_ENDPOINT: 'http://rustfs:9000',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { exitCode: await exited, output, errors };
  }

  const bodyOf = (path: string) => JSON.parse(asked.find((request) => request.path.endsWith(path))?.body ?? 'null');

  it('makes the catalog, the roles with their grants, the users and the namespace, as root', async () => {
    const { exitCode, errors } = await bootstrap();
    expect(errors).toBe('');
    expect(exitCode).toBe(0);
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer root-token']));
    expect(bodyOf('/catalogs').catalog.storageConfigInfo).toMatchObject({
      storageType: 'S3',
      endpoint: 'http://rustfs:9000',
      stsEndpoint: 'http://rustfs:9000',
      kmsUnavailable: true,
      pathStyleAccess: true,
    });
    // Without it, Polaris refuses DROP VIEW.
    expect(bodyOf('/catalogs').catalog.properties).toMatchObject({ 'polaris.config.drop-with-purge.enabled': 'true' });
    const grants = (role: string) =>
      asked
        .filter(({ method, path }) => method === 'PUT' && path.endsWith(`/catalog-roles/${role}/grants`))
        .map(({ body }) => JSON.parse(body).grant.privilege);
    expect(grants('content_manager')).toEqual(['CATALOG_MANAGE_CONTENT']);
    expect(grants('content_reader')).toContain('TABLE_READ_DATA');
    expect(grants('content_reader').filter((privilege) => /WRITE|CREATE|DROP|MANAGE/.test(privilege))).toEqual([]);
    const roles = (user: string) =>
      asked
        .filter(({ path }) => path.endsWith(`/principals/${user}/principal-roles`))
        .map(({ body }) => JSON.parse(body).principalRole.name);
    expect(roles('adminuser')).toEqual(['catalog_admin', 'data_writer', 'table_reader']);
    expect(roles('testuser')).toEqual(['table_reader']);
    expect(bodyOf('/v1/quickstart/namespaces')).toEqual({ namespace: ['demo'] });
  });

  it('can run again where everything is there already', async () => {
    status = 409;
    expect(await bootstrap()).toMatchObject({ exitCode: 0, errors: '' });
  });

  it('stops at the first refusal and says what was answered', async () => {
    status = 403;
    const { exitCode, errors } = await bootstrap();
    expect(exitCode).toBe(1);
    expect(errors).toContain('an answer');
    expect(asked).toHaveLength(1);
  });

  it("stops without root's token", async () => {
    expect((await bootstrap('another')).exitCode).not.toBe(0);
    expect(asked).toEqual([]);
  });

  it('prints no token and no secret', async () => {
    const { output, errors } = await bootstrap();
    expect(output + errors).not.toMatch(/root-token|a secret/);
  });
});
