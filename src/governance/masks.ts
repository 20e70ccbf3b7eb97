/** Masks of the columns of one schema. */
import type { MaskedColumn } from '../expressions/index.js';
import type { NestedField, Schema, Type } from '../iceberg/types.js';
import { maskSql } from './actions.js';
import type { FieldPlace } from './places.js';
import type { MaskAction } from './restrictions.js';
import { quoteIdentifier, textSql } from './sql.js';
import { RuleViolation } from './violation.js';

/** A field of the schema, and what is done to it. */
export interface FieldMask {
  id: number;
  action: MaskAction;
  place: FieldPlace;
}

/** Masks of fields that the schema has; the others are of columns that are not read. What the specification forbids: RuleViolation. */
export function fieldMasks(
  masks: ReadonlyMap<number, MaskAction>,
  places: ReadonlyMap<number, FieldPlace>,
): FieldMask[] {
  const found = [...masks].flatMap(([id, action]) => {
    const place = places.get(id);
    return place ? [{ id, action, place }] : [];
  });
  for (const { id, place } of found) {
    if (place.isKey) throw new RuleViolation(`field ${id} (${place.name}) is the key of a map`);
    const outer = place.ancestors.find((ancestor) => masks.has(ancestor));
    if (outer !== undefined)
      throw new RuleViolation(`field ${id} (${place.name}) lies inside field ${outer}, which has one as well`);
  }
  return found;
}

/** The masked columns of the schema. */
export function maskedColumns(schema: Schema, masks: readonly FieldMask[], salt: () => string): MaskedColumn[] {
  const masker = new Masker(new Map(masks.map((mask) => [mask.id, mask])), freeName(schema), salt);
  return schema.fields.flatMap((field) => {
    const value = masker.field(field, quoteIdentifier(field.name), 0);
    return value === undefined ? [] : [{ name: field.name, value }];
  });
}

/** A beginning for the names of items, which no field of the schema has: SQL would take one for the other. */
function freeName(schema: Schema): string {
  const taken: string[] = [];
  const collect = (type: Type): void => {
    if (type.kind === 'list') collect(type.element);
    else if (type.kind === 'map') for (const part of [type.key, type.value]) collect(part);
    else if (type.kind === 'struct') for (const field of type.fields) add(field);
  };
  const add = ({ name, type }: NestedField): void => {
    taken.push(name.toLowerCase());
    collect(type);
  };
  schema.fields.forEach(add);
  let name = 'x';
  while (taken.some((other) => other.startsWith(name))) name += 'x';
  return name;
}

class Masker {
  readonly #masks: ReadonlyMap<number, FieldMask>;
  /** What the names of items begin with. */
  readonly #item: string;
  readonly #salt: () => string;

  constructor(masks: ReadonlyMap<number, FieldMask>, item: string, salt: () => string) {
    this.#masks = masks;
    this.#item = item;
    this.#salt = salt;
  }

  field({ id, type, required }: NestedField, value: string, depth: number): string | undefined {
    return this.#value(id, { type, isOptional: !required }, value, depth);
  }

  /** Undefined where nothing of the value is masked. */
  #value(id: number, { type, isOptional }: { type: Type; isOptional: boolean }, value: string, depth: number) {
    const mask = this.#masks.get(id);
    if (!mask) return this.#inside(type, value, depth);
    try {
      return maskSql(mask.action, { type, isOptional, value, salt: this.#salt });
    } catch (error) {
      if (!(error instanceof RuleViolation)) throw error;
      throw new RuleViolation(`"${mask.action}" on field ${id} (${mask.place.name}): ${error.message}`);
    }
  }

  #inside(type: Type, value: string, depth: number): string | undefined {
    const unlessNull = (sql: string) => `CASE WHEN ${value} IS NULL THEN NULL ELSE ${sql} END`;
    const item = `${this.#item}${depth}`;
    switch (type.kind) {
      case 'struct': {
        const children = type.fields.map((field) => {
          const child = `struct_extract(${value}, ${textSql(field.name)})`;
          return { field, child, masked: this.field(field, child, depth) };
        });
        if (children.every(({ masked }) => masked === undefined)) return undefined;
        const parts = children.map(
          ({ field, child, masked }) => `${quoteIdentifier(field.name)} := ${masked ?? child}`,
        );
        return unlessNull(`struct_pack(${parts.join(', ')})`);
      }
      case 'list': {
        const element = { type: type.element, isOptional: !type.elementRequired };
        const masked = this.#value(type.elementId, element, item, depth + 1);
        return masked === undefined ? undefined : `list_transform(${value}, lambda ${item}: ${masked})`;
      }
      case 'map': {
        const entry = { type: type.value, isOptional: !type.valueRequired };
        const masked = this.#value(type.valueId, entry, `${item}.value`, depth + 1);
        if (masked === undefined) return undefined;
        const pair = `struct_pack(key := ${item}.key, value := ${masked})`;
        return unlessNull(`map_from_entries(list_transform(map_entries(${value}), lambda ${item}: ${pair}))`);
      }
      default:
        return undefined;
    }
  }
}
