/** The order of the pages, which the sidebar and llms.txt share. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const docs = fileURLToPath(new URL('../../docs', import.meta.url));

export const sections = [
  { title: 'Use', pages: ['clients', 'client', 'console', 'http', 'agents'] },
  { title: 'SQL and tables', pages: ['iceberg', 'definitions', 'changes', 'maintenance', 'governance'] },
  { title: 'Run', pages: ['configuration', 'operate', 'limits', 'scale', 'reliability', 'security'] },
  { title: 'Inside', pages: ['flight-sql', 'architecture'] },
];

/** The first heading of a page. */
export function titleOf(page) {
  return /^# (.*)$/m.exec(readFileSync(join(docs, `${page}.md`), 'utf8'))?.[1] ?? page;
}

/** What a page begins with, up to its first empty line, without links. */
function summaryOf(page) {
  const text = readFileSync(join(docs, `${page}.md`), 'utf8').replace(/^# .*\n+/, '');
  const [paragraph = ''] = text.split(/\n\s*\n/);
  return paragraph.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/\s+/g, ' ').trim();
}

/** The pages for language models (llmstxt.org). */
export function llmsText() {
  const lines = sections.flatMap(({ title, pages }) => [
    '',
    `## ${title}`,
    '',
    ...pages.map((page) => `- [${titleOf(page)}](${page}.md): ${summaryOf(page)}`),
  ]);
  return `# Skua\n\n> An Arrow Flight SQL server for Iceberg tables: bearer tokens in, Arrow record batches out, authorization left to the catalog.\n${lines.join('\n')}\n`;
}
