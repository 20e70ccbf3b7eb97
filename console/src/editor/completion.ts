/** Names from the catalog, where the text asks for them. */
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { catalogs, columns, current, schemas, type TableRef, tables } from '../data/catalog.js';
import { statementAt } from './statements.js';

const NAME = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;
const PATH = new RegExp(`((?:${NAME}\\.)*)(?:"?[\\p{L}\\p{N}_$]*)$`, 'u');
const RELATION = new RegExp(
  `\\b(?:from|join|into|update|table|describe)\\s+((?:${NAME}\\.)*${NAME})(?:\\s+(?:as\\s+)?(?!on\\b|where\\b|join\\b|left\\b|right\\b|inner\\b|full\\b|cross\\b|group\\b|order\\b|limit\\b|using\\b|set\\b|values\\b|natural\\b|having\\b|union\\b)(${NAME}))?`,
  'giu',
);

export async function completeNames(context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const span = statementAt(text, context.pos) ?? { from: 0, to: text.length };
  const before = text.slice(Math.min(span.from, context.pos), context.pos);
  const path = PATH.exec(before);
  if (path === null || (path[0] === '' && !context.explicit)) return null;
  const from = context.pos - path[0].length + (path[1]?.length ?? 0);
  try {
    const options = await optionsFor(namesOf(path[1] ?? ''), text.slice(span.from, Math.max(span.to, context.pos)));
    return { from, options, validFor: /^"?[\p{L}\p{N}_$]*"?$/u };
  } catch {
    // Who can't see the catalog gets no names.
    return null;
  }
}

async function optionsFor(path: string[], statement: string): Promise<Completion[]> {
  const here = await current();
  const relations = relationsIn(statement, here);
  const [first, second] = path;
  if (first === undefined) {
    const [allCatalogs, allSchemas, allTables, ...allColumns] = await Promise.all([
      catalogs(),
      schemas(here.catalog),
      tables(here.catalog, here.schema),
      ...relations.map(({ ref }) => columnOptions(ref)),
    ]);
    return [
      ...allColumns.flat(),
      ...relations.flatMap(({ alias }) => (alias === undefined ? [] : [{ label: alias, type: 'variable', boost: 1 }])),
      ...allTables.map(({ name, type }) => option(name, 'type', type.toLowerCase())),
      ...allSchemas.map((name) => option(name, 'namespace', 'schema')),
      ...allCatalogs.map((name) => option(name, 'namespace', 'catalog')),
    ];
  }
  const options: Completion[] = [];
  for (const { alias, ref } of relations) {
    if (same(alias ?? ref.table, first) && second === undefined) options.push(...(await columnOptions(ref)));
  }
  const catalog = second === undefined ? here.catalog : first;
  const schema = second ?? first;
  const known = await schemas(catalog).catch(() => []);
  const found = known.find((name) => same(name, schema));
  if (found !== undefined) {
    options.push(...(await tables(catalog, found)).map(({ name, type }) => option(name, 'type', type.toLowerCase())));
  }
  if (second === undefined && (await catalogs()).some((name) => same(name, first))) {
    options.push(...(await schemas(first)).map((name) => option(name, 'namespace', 'schema')));
  }
  return options;
}

async function columnOptions(ref: TableRef): Promise<Completion[]> {
  const list = await columns(ref).catch(() => []);
  return list.map(({ name, type, comment }) => ({
    ...option(name, 'property', type),
    ...(comment && { info: comment }),
    boost: 2,
  }));
}

function option(name: string, type: string, detail: string): Completion {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name);
  return { label: name, type, detail, ...(isPlain ? {} : { apply: `"${name.replaceAll('"', '""')}"` }) };
}

interface Relation {
  ref: TableRef;
  alias: string | undefined;
}

function relationsIn(statement: string, here: { catalog: string; schema: string }): Relation[] {
  return [...statement.matchAll(RELATION)].map(([, path = '', alias]) => {
    const names = namesOf(path);
    const table = names.pop() ?? '';
    const schema = names.pop() ?? here.schema;
    const catalog = names.pop() ?? here.catalog;
    return { ref: { catalog, schema, table }, alias: alias === undefined ? undefined : namesOf(alias)[0] };
  });
}

function namesOf(path: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(
    ([, inQuotes, plain]) => inQuotes?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
