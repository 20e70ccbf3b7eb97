import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const inDocs = readdirSync(join(repository, 'docs')).filter((name) => name.endsWith('.md'));
const pages = [
  'README.md',
  'quickstart/polaris-keycloak-user-token/README.md',
  'test/clients/README.md',
  'examples/README.md',
];
pages.push(...inDocs.map((name) => `docs/${name}`));

/** The targets of a page's links that are files of the repository. */
function linkedFiles(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(pages)('%s', (page) => {
  const path = join(repository, page);
  const text = readFileSync(path, 'utf8');

  it('links to what is there', () => {
    const broken = linkedFiles(text).filter((target) => {
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? path : resolve(dirname(path), file);
      if (!existsSync(linked)) return true;
      return anchor !== undefined && !headings(readFileSync(linked, 'utf8')).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('names files that are there', () => {
    const text = readFileSync(join(repository, 'docs/architecture.md'), 'utf8');
    const named = [...text.matchAll(/`([\w/-]+\/[\w-]+\.ts)`/g)].map(([, file = '']) => file);
    const rooms = ['', 'src/', 'src/engine/duckdb/'];
    const missing = named.filter((file) => !rooms.some((room) => existsSync(join(repository, room, file))));
    expect(named.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });
});
