/** The schema as a tree that reading, environment overrides and documentation walk. */
import { z } from 'zod';
import { type KeyDescription, keyRegistry } from './keys.js';
import { configSchema } from './schema.js';

export type Shape = TableShape | NamedTablesShape | TableListShape | ValueShape;

/** `[server]`. Entries by their names in the file. */
export interface TableShape {
  kind: 'table';
  entries: Map<string, { property: string; shape: Shape }>;
}

/** `[catalogs.NAME]`. */
export interface NamedTablesShape {
  kind: 'named';
  value: TableShape;
}

/** `[[auth]]`. */
export interface TableListShape {
  kind: 'list';
  element: TableShape;
}

export interface ValueShape {
  kind: 'value';
  description: KeyDescription;
  required: boolean;
  /** As it would be written in the file; undefined where there is none. */
  defaultValue: unknown;
}

export const configShape = tableShape(configSchema);

function tableShape(schema: z.ZodObject): TableShape {
  const entries = new Map<string, { property: string; shape: Shape }>();
  for (const [property, type] of Object.entries(schema.shape)) {
    entries.set(snakeCase(property), { property, shape: shapeOf(type as z.ZodType) });
  }
  return { kind: 'table', entries };
}

function shapeOf(schema: z.ZodType): Shape {
  let type = schema;
  let required = true;
  let defaultValue: unknown;
  for (;;) {
    const description = keyRegistry.get(type);
    if (description !== undefined) return { kind: 'value', description, required, defaultValue };
    if (type instanceof z.ZodPrefault) defaultValue = type.def.defaultValue;
    else if (!(type instanceof z.ZodOptional)) break;
    required = false;
    type = type.def.innerType as z.ZodType;
  }
  if (type instanceof z.ZodObject) return tableShape(type);
  if (type instanceof z.ZodArray) return { kind: 'list', element: tableShape(type.element as z.ZodObject) };
  if (type instanceof z.ZodRecord) return { kind: 'named', value: tableShape(type.valueType as z.ZodObject) };
  throw new TypeError(`A key of the configuration has no description (${type.def.type}).`);
}

function snakeCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A dotted path as messages show it: `auth[0].issuer`, `catalogs.quickstart.uri`, `catalogs."my.lake".uri`. */
export function showPath(path: readonly (string | number)[]): string {
  return path
    .map((name, index) => {
      if (typeof name === 'number') return `[${name}]`;
      const written = /^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name);
      return index === 0 ? written : `.${written}`;
    })
    .join('');
}
