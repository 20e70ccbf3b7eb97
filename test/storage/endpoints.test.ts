import { describe, expect, it } from 'vitest';
import { createS3Clients, type EndpointOptions, Endpoints, openStorage } from '../../src/storage/index.js';

const isAllowed = (url: string, options: EndpointOptions = {}) => {
  try {
    new Endpoints(options).check(url);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    return false;
  }
};

describe('hosts that a catalog names', () => {
  it.each([
    'http://169.254.169.254/',
    'http://[fd00:ec2::254]/',
    'http://[fe80::1]/',
    'http://100.100.100.200',
    'http://168.63.129.16',
    'http://2852039166/',
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://[::ffff:169.254.169.254]/',
    'http://0.0.0.0:9000',
    'http://[::]:9000',
    'file:///etc/passwd',
    'no address',
  ])('are never %s', (url) => {
    expect(isAllowed(url)).toBe(false);
    expect(isAllowed(url, { configured: ['http://127.0.0.1:8181'] })).toBe(false);
  });

  it.each(['http://127.0.0.1:9000', 'http://localhost', 'http://[::1]:9000', 'http://127.1', 'http://2130706433'])(
    'are %s only where something that is configured is on the machine itself',
    (url) => {
      expect(isAllowed(url)).toBe(false);
      expect(isAllowed(url, { configured: ['https://catalog.example'] })).toBe(false);
      expect(isAllowed(url, { configured: ['http://localhost:8181/api'] })).toBe(true);
    },
  );

  it('are any others without a list, and those of the list and the configuration with one', () => {
    expect(isAllowed('https://s3.eu-central-1.amazonaws.com')).toBe(true);
    expect(isAllowed('http://10.1.2.3:9000')).toBe(true);
    const list = {
      allowed: ['Minio.example:9000', '*.amazonaws.com', '169.254.1.1'],
      configured: ['http://own.example:8181'],
    };
    for (const url of [
      'http://minio.example:9000/',
      'https://s3.eu.amazonaws.com',
      'http://169.254.1.1',
      'http://own.example:1',
    ]) {
      expect([url, isAllowed(url, list)]).toEqual([url, true]);
    }
    for (const url of ['http://minio.example', 'https://amazonaws.com', 'https://xamazonaws.com', 'http://10.1.2.3']) {
      expect([url, isAllowed(url, list)]).toEqual([url, false]);
    }
  });

  it('are seen through their names: one that stands for a forbidden address is not connected to', async () => {
    const found = (name: string, options: EndpointOptions) =>
      new Promise((resolve) => new Endpoints(options).lookup(name, {}, (error, address) => resolve(error ?? address)));
    expect(await found('localhost', {})).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(await found('localhost', { allowed: ['localhost'] })).toMatch(/^(127\.0\.0\.1|::1)$/);
  });

  it('end a statement with a sentence that names the host and the setting', async () => {
    const endpoints = new Endpoints();
    const clients = createS3Clients({ endpoints });
    const keys = { 's3.access-key-id': 'a', 's3.secret-access-key': 'b' };
    const open = (endpoint: string) =>
      openStorage({ properties: { 's3.endpoint': endpoint, ...keys }, credentials: [] }, { clients, endpoints });
    for (const endpoint of ['http://169.254.169.254/latest', 'http://localhost:1']) {
      await expect(open(endpoint).read('s3://bucket/key')).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringMatching(/at '[^']+', which storage\.allowed_endpoints does not allow/),
      });
    }
    const signed = { addressOf: () => 'http://169.254.169.254/x?sig=secret', renew: async () => undefined };
    const reader = openStorage({ properties: {}, credentials: [], signed }, { clients, endpoints });
    await expect(reader.read('s3://bucket/key')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.not.stringContaining('secret'),
    });
    clients.close();
  });
});
