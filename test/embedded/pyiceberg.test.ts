import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parts } from '../../scripts/real/index.mjs';
import { type EmbeddedStack, startEmbeddedStack } from '../../src/embedded/index.js';
import { purging } from './client.js';

const { path: python = '', missing } = parts.python.find();
const program = fileURLToPath(new URL('pyiceberg_walk.py', import.meta.url));

let stack: EmbeddedStack;
beforeAll(async () => {
  stack = await startEmbeddedStack({ catalog: { properties: purging } });
});
afterAll(() => stack.close());

describe.skipIf(missing !== undefined)('PyIceberg', () => {
  it('creates, writes, evolves, commits in conflict, renames and drops as with any catalog', async () => {
    const token = await stack.token('adminuser');
    const { stdout } = await promisify(execFile)(python, [program, stack.catalog.uri, stack.catalog.name, token]);
    const steps = ['namespaces', 'nested_types', 'changes', 'conflict', 'staged', 'third_version', 'ends'];
    expect(stdout.trim().split('\n')).toEqual(steps);
  }, 120_000);
});
