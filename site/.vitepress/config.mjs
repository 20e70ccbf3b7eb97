import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';
import { docs, llmsText, sections, titleOf } from './pages.mjs';

export default defineConfig({
  title: 'Skua',
  description: 'An Arrow Flight SQL server for Iceberg tables.',
  // A link to ../docs, so that pages find the libraries of the site.
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  lastUpdated: false,
  // Pages link to tests and sources, which are no part of the site: those are shown as text.
  markdown: {
    config(markdown) {
      const inside = (token) => !/^\.\.\//.test(token?.attrGet('href') ?? '');
      const stack = [];
      markdown.renderer.rules.link_open = (tokens, index, options, _, self) => {
        stack.push(inside(tokens[index]));
        return stack.at(-1) ? self.renderToken(tokens, index, options) : '<span>';
      };
      markdown.renderer.rules.link_close = (tokens, index, options, _, self) =>
        stack.pop() ? self.renderToken(tokens, index, options) : '</span>';
    },
  },
  vite: { resolve: { preserveSymlinks: true }, server: { fs: { allow: ['..'] } } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: sections.map(({ title, pages }) => ({
      text: title,
      items: pages.map((page) => ({ text: titleOf(page), link: `/${page}` })),
    })),
  },
  buildEnd({ outDir }) {
    writeFileSync(join(outDir, 'llms.txt'), llmsText());
    for (const { pages } of sections) {
      for (const page of pages) {
        if (!page.includes('/')) copyFileSync(join(docs, `${page}.md`), join(outDir, `${page}.md`));
      }
    }
  },
  transformPageData(page) {
    page.title ||= titleOf(page.relativePath.replace(/\.md$/, ''));
  },
  srcExclude: ['**/node_modules/**'],
});
