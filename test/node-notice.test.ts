import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const dist = new URL('../dist/', import.meta.url);

it.each([
  [
    'the clients of stores',
    `const { createS3Clients } = await import(${JSON.stringify(new URL('storage/index.js', dist).href)});
     const clients = createS3Clients();
     clients.for({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', pathStyle: true, keys: undefined });
     clients.close();`,
  ],
  [
    'a warehouse in a bucket',
    `const { s3Warehouse } = await import(${JSON.stringify(new URL('embedded/warehouse/s3.js', dist).href)});
     const keys = { accessKeyId: 'a', secretAccessKey: 'b' };
     s3Warehouse({ location: 's3://bucket', endpoint: 'http://127.0.0.1:1', ...keys }).close();`,
  ],
])('%s write nothing to the log of a Node that is supported', (_, program) => {
  const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: __, ...env } = process.env;
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(dist),
    env,
    encoding: 'utf8',
  });
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' });
});
