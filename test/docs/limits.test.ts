import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '../../src/config/index.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const page = readFileSync(path('docs/limits.md'), 'utf8');

interface Limit {
  name: string;
  /** Cells by the heads of their columns. */
  cells: Map<string, string>;
}

/** The rows of the page's tables. */
function limits(): Limit[] {
  let heads: string[] = [];
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('|')) heads = [];
    if (!line.startsWith('|') || /^\|[ |-]*$/.test(line)) return [];
    const cells = line
      .slice(1, line.lastIndexOf('|'))
      .split(' | ')
      .map((cell) => cell.replaceAll('|', '').trim());
    if (heads.length === 0) {
      heads = cells;
      return [];
    }
    return [{ name: cells[0] as string, cells: new Map(heads.map((head, index) => [head, cells[index] ?? ''])) }];
  });
}

/** Sources of a file, or of all files in a folder. */
function sourcesOf(place: string): string {
  if (!statSync(path(place)).isDirectory()) return readFileSync(path(place), 'utf8');
  return readdirSync(path(place), { recursive: true })
    .map((name) => `${place}/${name}`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path(name), 'utf8'))
    .join('\n');
}

const inTicks = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string);
const words = (value: string) =>
  value
    .toLowerCase()
    .replaceAll(/["\s,]/g, '')
    .replace(/min$/, 'm');

describe('docs/limits.md', () => {
  it('has every setting of a limit, with its default', () => {
    const bySetting = new Map(
      limits().flatMap(({ cells }) => {
        const defaults = (cells.get('default') ?? '').split(/, (?=\d|none)/);
        const settings = inTicks(cells.get('setting'));
        return settings.map((setting, index) => [setting, defaults[index] ?? defaults.at(-1) ?? ''] as const);
      }),
    );
    const told = [...bySetting.keys()].sort();
    const all = describeConfig().map(({ key }) => key);
    expect(told.filter((key) => !all.includes(key))).toEqual([]);
    // How many threads a query has bounds nothing that could be exceeded.
    const bounds = /^limits\.(?!threads)|^(server|http|http\.mcp)\.max_/;
    const known = all.filter((key) => bounds.test(key));
    expect(known.filter((key) => !told.includes(key))).toEqual([]);
    for (const { key, default: value } of describeConfig()) {
      const shown = bySetting.get(key);
      if (shown === undefined || value === undefined || value.startsWith('{')) continue;
      expect(words(shown), key).toBe(words(value));
    }
  });

  it.each(limits().map((limit) => [limit.name, limit] as const))(
    '%s: is checked where it says, in those words, and tested',
    (_, { cells }) => {
      const places = inTicks(cells.get('checked in')).filter((place) => place.startsWith('src/'));
      const text = places.map(sourcesOf).join('\n');
      const sentences = places.length === 0 ? [] : [...(cells.get('beyond it') ?? '').matchAll(/"([^"]+)"/g)];
      for (const [, sentence = ''] of sentences) {
        for (const part of sentence.split('…')) expect(text.includes(part.trim()), `"${part}" in ${places}`).toBe(true);
      }
      const tests = [...(cells.get('test') ?? '').matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(
        ([, file]) => file as string,
      );
      expect(tests.length).toBeGreaterThan(0);
      for (const file of tests) expect(readFileSync(path(file), 'utf8')).toMatch(/\bit(\.each)?\b/);
    },
  );
});
