import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { llmsText, sections, titleOf } from '../../site/.vitepress/pages.mjs';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));

it('the site, and its list for language models, have every page of the documentation once', () => {
  const pages = readdirSync(docs).flatMap((name) => (name.endsWith('.md') ? [name.slice(0, -3)] : []));
  const listed = sections.flatMap((section) => section.pages);
  expect(listed.toSorted()).toEqual(pages.filter((page) => page !== 'index'));
  const text = llmsText();
  for (const page of listed) expect(text).toMatch(new RegExp(`\\[${titleOf(page)}\\]\\(${page}\\.md\\): \\S`));
});
