/** Random tables that PyIceberg writes from a seed, with its own answers to random questions about them. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parts } from '../../../scripts/real/index.mjs';
import type { EmbeddedStack } from '../../../src/embedded/index.js';

const program = fileURLToPath(new URL('random_tables/main.py', import.meta.url));

export interface RandomTable {
  name: string;
  /** What was done to the table, in words. */
  steps: string[];
  questions: Question[];
}

export interface Question {
  /** Columns or aggregates in SQL. */
  select: string;
  /** A condition in SQL. */
  filter: string;
  /** A snapshot other than the current one. */
  snapshot?: string;
  /** Canonical text, sorted. */
  rows: (string | null)[][];
}

/** Writes tables into the namespace `demo` of the stack's catalog. */
export async function writeRandomTables(stack: EmbeddedStack, seed: string, count: number): Promise<RandomTable[]> {
  const { path: python = '' } = parts.python.find();
  const { uri, name } = stack.catalog;
  const token = await stack.token('adminuser');
  const { stdout } = await promisify(execFile)(python, [program, uri, name, 'demo', seed, String(count)], {
    env: { ...process.env, SKUA_TOKEN: token, PYTHONDONTWRITEBYTECODE: '1' },
    maxBuffer: 1 << 28,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
