/**
 * Overrides from the environment: `SKUA_` and the path of the key in capitals, its names joined by two underscores. An entry of a
 * list of tables is addressed by its index: `SKUA_AUTH__0__ISSUER`.
 */
import type { ConfigProblem } from './error.js';
import { configShape, type Shape, showPath } from './shape.js';
import { nearest } from './suggest.js';

/** A value that came from the environment as text. */
export class EnvironmentText {
  constructor(
    readonly variable: string,
    readonly text: string,
  ) {}
}

type Tree = Record<string, unknown>;

/** Variables that are no keys: those of the client, and where the configuration itself is. */
const OTHER_VARIABLES = ['SKUA_CONFIG', 'SKUA_TOKEN', 'SKUA_TOKEN_FILE', 'SKUA_ADDRESS', 'SKUA_CA', 'SKUA_HISTORY'];

/** Writes the overrides into the tree of the file. An empty variable counts as absent. */
export function applyEnvironment(tree: Tree, environment: Record<string, string | undefined>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const names = Object.keys(environment)
    .filter((name) => name.startsWith('SKUA_') && !name.startsWith('SKUA_TEST_') && !OTHER_VARIABLES.includes(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  for (const name of names) {
    const text = environment[name];
    if (text === undefined || text === '') continue;
    const message = place(tree, configShape, name.slice('SKUA_'.length).split('__'), new EnvironmentText(name, text));
    if (message !== undefined) problems.push({ key: name, message });
  }
  return problems;
}

/** Puts the text where the segments lead; the reason where they lead nowhere. */
function place(tree: Tree, root: Shape, segments: string[], text: EnvironmentText): string | undefined {
  let shape = root;
  let node = tree;
  const walked: (string | number)[] = [];
  for (const [position, segment] of segments.entries()) {
    const last = position === segments.length - 1;
    const name = segment.toLowerCase();
    if (shape.kind === 'table') {
      const secret = shape.entries.get(name.replace(/_file$/, ''))?.shape;
      const isSecretFile = name.endsWith('_file') && secret?.kind === 'value' && secret.description.secret;
      const entry = shape.entries.get(name)?.shape;
      if (last && (isSecretFile || entry?.kind === 'value')) {
        const counterpart = isSecretFile ? name.replace(/_file$/, '') : `${name}_file`;
        if (!(node[counterpart] instanceof EnvironmentText)) delete node[counterpart];
        node[name] = text;
        return undefined;
      }
      if (entry === undefined) return unknownVariable(segments, position, shape.entries.keys());
      if (entry.kind === 'value') return `${showPath([...walked, name])} is a single value and has no keys below it.`;
      if (last) return `${showPath([...walked, name])} is a section; set one of its keys.`;
      shape = entry;
      walked.push(name);
      const child = node[name] ?? (shape.kind === 'list' ? [] : {});
      node[name] = child;
      if (typeof child !== 'object') return undefined;
      node = child as Tree;
    } else if (shape.kind === 'list') {
      const entries = node as unknown as Tree[];
      if (!/^\d+$/.test(segment))
        return `${showPath(walked)} is a list: an index must follow, SKUA_${[...segments.slice(0, position), '0'].join('__')}__…`;
      const index = Number(segment);
      if (index > entries.length)
        return `${showPath(walked)} has no entry ${index - 1}; indexes start at 0 and leave no gap.`;
      entries[index] ??= {};
      node = entries[index];
      shape = shape.element;
      walked.push(index);
    } else if (shape.kind === 'named') {
      const existing = Object.keys(node).find((key) => key.replace(/[^A-Za-z0-9]/g, '_').toLowerCase() === name);
      const key = existing ?? name;
      node[key] ??= {};
      node = node[key] as Tree;
      shape = shape.value;
      walked.push(key);
    }
    if (last) return `${showPath(walked)} is a section; set one of its keys.`;
  }
  return undefined;
}

function unknownVariable(segments: string[], position: number, candidates: Iterable<string>): string {
  const meant = nearest((segments[position] ?? '').toLowerCase(), candidates);
  if (meant === undefined) return 'no key of the configuration has this name.';
  const corrected = segments.with(position, meant.toUpperCase()).join('__');
  return `no key of the configuration has this name; did you mean SKUA_${corrected}?`;
}
