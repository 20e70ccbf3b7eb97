import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EnvironmentText } from './environment.js';
import type { ConfigProblem } from './error.js';
import { configShape, type Shape, showPath, type TableShape, type ValueShape } from './shape.js';
import { nearest } from './suggest.js';

type Path = readonly (string | number)[];

export interface ReadTree {
  /** The tree with the property names of the schema. */
  value: Record<string, unknown>;
  problems: ConfigProblem[];
  /** How each value came about, by its shown path with property names: its key, what is allowed, and how to show it. */
  sources: Map<string, Source>;
}

export interface Source {
  key: string;
  allowed: string;
  /** The value as a message may show it; a secret is not shown. */
  shown: string | undefined;
}

/** Translates a tree of the file, overrides included, to the names of the schema; finds unknown keys, and reads secrets from files. */
export function readTree(tree: Record<string, unknown>, directory: string): ReadTree {
  const reader = new Reader(directory);
  const value = reader.table(configShape, tree, [], []);
  return { value, problems: reader.problems, sources: reader.sources };
}

class Reader {
  readonly #directory: string;
  readonly problems: ConfigProblem[] = [];
  readonly sources = new Map<string, Source>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  table(shape: TableShape, raw: unknown, path: Path, properties: Path): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    if (!isTable(raw)) {
      this.problems.push({ key: showPath(path), message: 'must be a table of keys.' });
      return result;
    }
    for (const name of Object.keys(raw)) {
      const base = shape.entries.get(name.replace(/_file$/, ''));
      const isSecretFile = name.endsWith('_file') && isSecret(base?.shape);
      if (!shape.entries.has(name) && !isSecretFile) this.#unknownKey(shape, name, path);
    }
    for (const [name, { property, shape: entry }] of shape.entries) {
      const child = this.#entry(entry, raw, name, [...path, name], [...properties, property]);
      if (child !== undefined) result[property] = child;
    }
    return result;
  }

  #entry(shape: Shape, table: Record<string, unknown>, name: string, path: Path, properties: Path): unknown {
    const raw = table[name];
    if (shape.kind === 'value') return this.#value(shape, table, name, path, properties);
    if (raw === undefined) return undefined;
    if (shape.kind === 'table') return this.table(shape, raw, path, properties);
    if (shape.kind === 'list') {
      if (!Array.isArray(raw)) {
        this.problems.push({ key: showPath(path), message: `must be a list of tables, each written as [[${name}]].` });
        return undefined;
      }
      return raw.map((element, index) => this.table(shape.element, element, [...path, index], [...properties, index]));
    }
    if (!isTable(raw)) {
      this.problems.push({ key: showPath(path), message: `must hold named tables, each written as [${name}.NAME].` });
      return undefined;
    }
    return Object.fromEntries(
      Object.keys(raw).map((key) => [key, this.table(shape.value, raw[key], [...path, key], [...properties, key])]),
    );
  }

  #value(shape: ValueShape, table: Record<string, unknown>, name: string, path: Path, properties: Path): unknown {
    const { description } = shape;
    const key = showPath(path);
    let raw = table[name];
    let variable: string | undefined;
    if (description.secret && table[`${name}_file`] !== undefined) {
      if (raw !== undefined)
        this.problems.push({ key, message: `is set, and so is ${key}_file; only one of them is allowed.` });
      raw = this.#secretFile(table[`${name}_file`], `${key}_file`);
      if (raw === undefined) return undefined;
    }
    const isText = raw instanceof EnvironmentText;
    const given = isText ? (raw as EnvironmentText).text : raw;
    if (isText) variable = (raw as EnvironmentText).variable;
    this.sources.set(showPath(properties), {
      key: variable === undefined ? key : `${key} (from ${variable})`,
      allowed: description.allowed,
      shown: description.secret || given === undefined ? undefined : abbreviate(given),
    });
    const value = isText ? (description.fromText((raw as EnvironmentText).text) ?? (raw as EnvironmentText).text) : raw;
    return description.type.endsWith('path') || description.type.endsWith('paths')
      ? this.#absolute(value, description.type, isText ? process.cwd() : this.#directory)
      : value;
  }

  #absolute(value: unknown, type: string, directory: string): unknown {
    if (type === 'dotted path' || value === '') return value;
    if (Array.isArray(value)) return value.map((item) => this.#absolute(item, type, directory));
    return typeof value === 'string' ? resolve(directory, value) : value;
  }

  #secretFile(raw: unknown, key: string): string | undefined {
    const fromEnvironment = raw instanceof EnvironmentText;
    const given = fromEnvironment ? raw.text : raw;
    if (typeof given !== 'string' || given === '') {
      this.problems.push({ key, message: 'must be the path of a file that holds the value.' });
      return undefined;
    }
    const path = resolve(fromEnvironment ? process.cwd() : this.#directory, given);
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      this.problems.push({ key, message: `the file ${path} can't be read (${reason}).` });
      return undefined;
    }
  }

  #unknownKey(shape: TableShape, name: string, path: Path): void {
    const names = [...shape.entries.keys()];
    const secretFiles = names
      .filter((candidate) => isSecret(shape.entries.get(candidate)?.shape))
      .map((candidate) => `${candidate}_file`);
    const meant = nearest(name, [...names, ...secretFiles]);
    const advice =
      meant === undefined ? `allowed here: ${names.join(', ')}.` : `did you mean ${showPath([...path, meant])}?`;
    this.problems.push({ key: showPath([...path, name]), message: `unknown key; ${advice}` });
  }
}

function isSecret(shape: Shape | undefined): boolean {
  return shape?.kind === 'value' && shape.description.secret;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof EnvironmentText)
  );
}

function abbreviate(value: unknown): string {
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/@"]*@/g, '//…@');
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
