import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { findContradictions } from './contradictions.js';
import { applyEnvironment } from './environment.js';
import { ConfigError, type ConfigProblem } from './error.js';
import { type ReadTree, readTree } from './read.js';
import { type Config, configSchema } from './schema.js';
import { showPath } from './shape.js';

export interface LoadOptions {
  /** TOML file; relative paths in it count from its folder. */
  path?: string | undefined;
  /** TOML text instead of a file. */
  text?: string | undefined;
  /** Overrides, usually `process.env`. */
  env: Record<string, string | undefined>;
}

/**
 * Reads and checks the whole configuration.
 * @throws ConfigError that names every unknown key, wrong value and contradiction.
 */
export function loadConfig(options: LoadOptions): Config {
  const tree = parseToml(options);
  const overrideProblems = applyEnvironment(tree, options.env);
  const read = readTree(tree, options.path === undefined ? process.cwd() : dirname(resolve(options.path)));
  const parsed = configSchema.safeParse(read.value);
  const problems = [...overrideProblems, ...read.problems];
  if (!parsed.success) problems.push(...valueProblems(parsed.error.issues, read));
  if (parsed.success && problems.length === 0) problems.push(...findContradictions(parsed.data));
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems);
  return parsed.data;
}

function parseToml({ path, text }: LoadOptions): Record<string, unknown> {
  if (path !== undefined && text !== undefined) throw new TypeError('Give either a path or a text.');
  let toml = text ?? '';
  if (path !== undefined) {
    try {
      toml = readFileSync(path, 'utf8');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : "can't be read";
      throw new ConfigError([{ key: '', message: `The file ${path} ${reason}.` }]);
    }
  }
  try {
    return parse(toml, { unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the parser's message quotes the text, and so possibly a secret.
    const reason = error.message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '');
    throw new ConfigError([
      { key: `${path ?? 'text'}:${error.line}:${error.column}`, message: `no valid TOML: ${reason}.` },
    ]);
  }
}

function valueProblems(issues: readonly { path: PropertyKey[] }[], read: ReadTree): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  for (const issue of issues) {
    const path = issue.path.map((name) => (typeof name === 'number' ? name : String(name)));
    let source = read.sources.get(showPath(path));
    while (source === undefined && path.length > 0) {
      path.pop();
      source = read.sources.get(showPath(path));
    }
    if (source === undefined) continue;
    const { key, allowed, shown } = source;
    if (problems.has(key) || read.problems.some((problem) => problem.key.startsWith(key))) continue;
    const isSet = getAt(read.value, path) !== undefined;
    const verdict = isSet ? `${shown === undefined ? 'the value' : shown} is not allowed; it must be` : 'is required:';
    problems.set(key, { key, message: `${verdict} ${allowed}.` });
  }
  return [...problems.values()];
}

function getAt(value: unknown, path: readonly (string | number)[]): unknown {
  let current = value;
  for (const name of path) current = (current as Record<string | number, unknown> | undefined)?.[name];
  return current;
}
