import { configShape, type Shape } from './shape.js';

/** What there is to know about one key. */
export interface KeyDocumentation {
  /** Dotted path in the file: `server.port`, `auth[].issuer`, `catalogs.NAME.uri`. */
  key: string;
  type: string;
  /** Unit of a bare number. */
  unit?: string;
  /** As it is written in the file; absent where there is none. */
  default?: string;
  required: boolean;
  secret: boolean;
  /** Environment variable that overrides it: `SKUA_AUTH__0__ISSUER` for the first of a list, `SKUA_CATALOGS__NAME__URI` for a name. */
  variable: string;
  allowed: string;
  sentence: string;
}

/** Every key of the configuration, in the order of the schema. */
export function describeConfig(): KeyDocumentation[] {
  return [...walk(configShape, '', 'SKUA')];
}

function* walk(shape: Shape, key: string, variable: string): Generator<KeyDocumentation> {
  if (shape.kind === 'list') yield* walk(shape.element, `${key}[]`, `${variable}__0`);
  else if (shape.kind === 'named') yield* walk(shape.value, `${key}.NAME`, `${variable}__NAME`);
  else if (shape.kind === 'table') {
    for (const [name, { shape: child }] of shape.entries) {
      const separator = key === '' ? '_' : '__';
      yield* walk(child, key === '' ? name : `${key}.${name}`, `${variable}${separator}${name.toUpperCase()}`);
    }
  } else {
    const { type, unit, secret, allowed, sentence } = shape.description;
    const documentation: KeyDocumentation = {
      key,
      type,
      required: shape.required,
      secret,
      variable,
      allowed,
      sentence,
    };
    if (unit !== undefined) documentation.unit = unit;
    if (shape.defaultValue !== undefined) documentation.default = JSON.stringify(shape.defaultValue);
    yield documentation;
  }
}

/** The reference of all keys as Markdown, one table for each section. */
export function configReference(): string {
  const sections = new Map<string, KeyDocumentation[]>();
  for (const entry of describeConfig()) {
    const section = entry.key.slice(0, entry.key.lastIndexOf('.'));
    sections.set(section, [...(sections.get(section) ?? []), entry]);
  }
  const tables = [...sections].map(([section, entries]) => {
    const rows = entries.map((entry) => `${row(entry)}\n`).join('');
    return `### ${heading(section)}\n\n| Key | Value | Default | Environment variable |\n| --- | --- | --- | --- |\n${rows}`;
  });
  return tables.join('\n');
}

function heading(section: string): string {
  return section.endsWith('[]') ? `\`[[${section.slice(0, -2)}]]\`` : `\`[${section}]\``;
}

function row(entry: KeyDocumentation): string {
  const name = entry.key.slice(entry.key.lastIndexOf('.') + 1);
  const unit = entry.unit === undefined ? '' : `, or a number of ${entry.unit}`;
  const fallback = entry.required ? 'required' : entry.default === undefined ? '' : `\`${entry.default}\``;
  const file = entry.secret ? ` Secret: \`${name}_file\` names a file to read it from.` : '';
  return `| **\`${name}\`** ${entry.sentence}${file} | ${entry.type}${unit} | ${fallback} | \`${entry.variable}\` |`;
}
