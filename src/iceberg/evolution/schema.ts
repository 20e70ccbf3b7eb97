/** Schema evolution by field id (Iceberg spec, "Schema Evolution"). */
import { SkuaError } from '../../errors.js';
import { assignFieldIds } from '../field-ids.js';
import { highestFieldId } from '../schema.js';
import { currentSchema } from '../snapshots.js';
import type { NestedField, Schema, TableMetadata, Type } from '../types.js';
import { highestColumnId } from './assigned-ids.js';
import { refusePartitionNames } from './partition-spec.js';
import { canHaveBeenDate, promotionProblem } from './promotion.js';
import { idsWithin, indexOfName, type Place, partsOf, placeOf, requirePlace, withSiblings } from './tree.js';

/** First in its struct, or after a field of it. */
export type FieldPlace = 'first' | { after: string };

export interface NewField {
  /** With any field ids; new ones are given. */
  type: Type;
  required: boolean;
  doc: string | undefined;
  /** What rows from before read as, and what INSERT writes; in the JSON form of the type. Undefined: null. */
  defaultValue?: unknown;
  place: FieldPlace | undefined;
}

/**
 * A table's current schema while it is being changed. Fields are named by paths, in any case. What the specification does not allow is
 * INVALID_ARGUMENT with the reason.
 */
export class SchemaEvolution {
  readonly #metadata: TableMetadata;
  #identifiers: readonly number[];
  #fields: NestedField[];
  #lastColumnId: number;

  constructor(metadata: TableMetadata) {
    const { fields, identifierFieldIds } = currentSchema(metadata);
    this.#metadata = metadata;
    this.#identifiers = identifierFieldIds;
    this.#fields = fields;
    this.#lastColumnId = highestColumnId(metadata);
  }

  /** The schema as it is now; its id is still that of the schema it came from. */
  get schema(): Schema {
    return {
      schemaId: this.#metadata.currentSchemaId,
      fields: this.#fields,
      identifierFieldIds: [...this.#identifiers],
    };
  }

  /** The highest field id that was ever given. */
  get lastColumnId(): number {
    return this.#lastColumnId;
  }

  has(path: readonly string[]): boolean {
    return placeOf(this.#fields, path) !== undefined;
  }

  /** Adds a field. One of that name: ALREADY_EXISTS. */
  add(path: readonly string[], { type, required, doc, defaultValue, place }: NewField): void {
    const above = path.slice(0, -1);
    const name = path.at(-1) as string;
    requireName(name);
    if (above.length > 0) {
      const { field } = requirePlace(this.#fields, above);
      if (field.type.kind !== 'struct')
        throw invalid(`"${above.join('.')}" is no struct, so that no field can be added to it`);
      this.#refuseInKey(above);
    }
    if (this.has(path)) throw new SkuaError('ALREADY_EXISTS', `Column "${path.join('.')}" already exists`);
    if (required && defaultValue === undefined) {
      throw invalid(`Column "${path.join('.')}" can't be added as NOT NULL: it is null in all rows that there are`);
    }
    const defaults = defaultValue === undefined ? {} : { initialDefault: defaultValue, writeDefault: defaultValue };
    const [added] = assignFieldIds([{ id: 0, name, required, type, doc, ...defaults }], this.#lastColumnId + 1) as [
      NestedField,
    ];
    this.#lastColumnId = highestFieldId([added]);
    this.#fields = withSiblings(this.#fields, above, (siblings) => placed(siblings, added, place));
    refusePartitionNames(this.#metadata, this.#fields, idsWithin(added));
  }

  /** Drops a field and all that is inside it. One that the rest of the table depends on: INVALID_ARGUMENT. */
  drop(path: readonly string[]): void {
    const { field, siblings } = this.#structField(path);
    const name = path.join('.');
    if (siblings.length === 1) throw invalid(`Column "${name}" can't be dropped: nothing would be left`);
    const ids = idsWithin(field);
    if (ids.some((id) => this.#identifiers.includes(id))) {
      throw invalid(`Column "${name}" can't be dropped: it is part of the primary key`);
    }
    const use = this.#useInSpecs(ids) ?? this.#useInSortOrder(ids);
    if (use) throw invalid(`Column "${name}" can't be dropped: ${use}`);
    this.#change(path, (fields) => fields.filter(({ id }) => id !== field.id));
  }

  rename(path: readonly string[], name: string): void {
    requireName(name);
    const { field, siblings } = this.#structField(path);
    const other = siblings.find((one) => one.id !== field.id && one.name.toLowerCase() === name.toLowerCase());
    if (other)
      throw new SkuaError('ALREADY_EXISTS', `Column "${[...path.slice(0, -1), other.name].join('.')}" already exists`);
    this.#replace(path, { ...field, name });
    refusePartitionNames(this.#metadata, this.#fields, idsWithin(field));
  }

  setType(path: readonly string[], type: Type): void {
    const { field } = requirePlace(this.#fields, path);
    this.#refuseInKey(path);
    const problem =
      promotionProblem(field.type, type, this.#metadata.formatVersion) ?? this.#promotionInSpecs(field, type);
    if (problem) throw invalid(`Column "${path.join('.')}" can't change its type: ${problem}`);
    this.#replace(path, { ...field, type, ...promotedDefaults(field, type) });
  }

  setRequired(path: readonly string[], required: boolean): void {
    const { field } = requirePlace(this.#fields, path);
    this.#refuseInKey(path);
    if (field.required === required) return;
    const name = path.join('.');
    if (required) throw invalid(`Column "${name}" can't become NOT NULL: in Iceberg a column can only become optional`);
    if (this.#identifiers.includes(field.id))
      throw invalid(`Column "${name}" takes no nulls: it is part of the primary key`);
    this.#replace(path, { ...field, required });
  }

  /** What INSERT writes from now on; rows that are there stay as they are. `type`: that of the field with the defaults of fields inside it. */
  setWriteDefault(path: readonly string[], value: unknown, type?: Type): void {
    const { field } = this.#structField(path);
    const { writeDefault: _, ...rest } = field;
    this.#replace(path, value === undefined ? rest : { ...rest, type: type ?? field.type, writeDefault: value });
  }

  /** The type of a field. */
  typeOf(path: readonly string[]): Type {
    return requirePlace(this.#fields, path).field.type;
  }

  setDoc(path: readonly string[], doc: string | undefined): void {
    const { field } = this.#structField(path);
    const { doc: _, ...rest } = field;
    this.#replace(path, doc === undefined ? rest : { ...rest, doc });
  }

  move(path: readonly string[], place: FieldPlace): void {
    const { field } = this.#structField(path);
    this.#change(path, (siblings) =>
      placed(
        siblings.filter(({ id }) => id !== field.id),
        field,
        place,
      ),
    );
  }

  /** Makes these fields the identifier fields (spec, "Identifier Field IDs"). One that can't be: INVALID_ARGUMENT. */
  setIdentifier(paths: readonly (readonly string[])[]): void {
    this.#identifiers = paths.map((path) => {
      const { field } = requirePlace(this.#fields, path);
      const problem = this.#identifierProblem(path, field);
      if (problem) throw invalid(`Column "${path.join('.')}" can't be part of the primary key: ${problem}`);
      return field.id;
    });
  }

  #identifierProblem(path: readonly string[], field: NestedField): string | undefined {
    const above = path.slice(1).map((_, index) => requirePlace(this.#fields, path.slice(0, index + 1)).field);
    if (above.some(({ type }) => type.kind !== 'struct')) return 'it is inside a list or map';
    if ([...above, field].some(({ required }) => !required)) return 'it may be null';
    const { type } = field;
    if (partsOf(type).length > 0) return 'it is no single value';
    if (type.kind === 'primitive' && (type.type === 'float' || type.type === 'double'))
      return 'it is a floating-point number';
    return undefined;
  }

  #structField(path: readonly string[]): Place {
    const found = requirePlace(this.#fields, path);
    if (found.parent && found.parent.type.kind !== 'struct') {
      throw invalid(
        `"${path.join('.')}" is the part of a ${found.parent.type.kind} and no field; only its type can be altered`,
      );
    }
    this.#refuseInKey(path);
    return found;
  }

  /** Keys that are equal must stay equal. */
  #refuseInKey(path: readonly string[]): void {
    let fields: readonly NestedField[] = this.#fields;
    let parent: NestedField | undefined;
    for (const name of path) {
      const field = fields[indexOfName(fields, name)];
      if (!field) return;
      if (parent?.type.kind === 'map' && field.name === 'key')
        throw invalid(`"${path.join('.')}" can't be altered: keys of maps stay as they are`);
      parent = field;
      fields = partsOf(field.type);
    }
  }

  /** Files that were written under a spec need its columns for as long as the spec is there. */
  /** A partition field whose value would be another one after the promotion (spec, "Schema Evolution"). */
  #promotionInSpecs({ id, type: from }: NestedField, to: Type): string | undefined {
    if (!isDate(from) || isDate(to)) return undefined;
    const fields = this.#metadata.partitionSpecs.flatMap((spec) => spec.fields);
    const changed = fields.find(
      ({ sourceIds, transform }) => sourceIds.includes(id) && /^(?:identity|bucket|truncate)/.test(transform),
    );
    return changed && `it is or was partitioned by the date itself ("${changed.name}", ${changed.transform})`;
  }

  #useInSpecs(ids: readonly number[]): string | undefined {
    const { partitionSpecs, defaultSpecId, snapshots } = this.#metadata;
    const defaultFirst = [...partitionSpecs].sort(
      (a, b) => Number(b.specId === defaultSpecId) - Number(a.specId === defaultSpecId),
    );
    for (const { specId, fields } of defaultFirst) {
      if (specId !== defaultSpecId && snapshots.length === 0) continue;
      const field = fields.find(
        ({ sourceIds, transform }) => transform !== 'void' && sourceIds.some((id) => ids.includes(id)),
      );
      if (!field) continue;
      if (specId === defaultSpecId) return `the table is partitioned by it ("${field.name}")`;
      return `files may be partitioned by it ("${field.name}" of the earlier partition spec ${specId})`;
    }
    return undefined;
  }

  #useInSortOrder(ids: readonly number[]): string | undefined {
    const { sortOrders, defaultSortOrderId } = this.#metadata;
    const order = sortOrders.find(({ orderId }) => orderId === defaultSortOrderId);
    return order?.fields.some(({ sourceId }) => ids.includes(sourceId)) ? 'the table is sorted by it' : undefined;
  }

  #replace(path: readonly string[], field: NestedField): void {
    this.#change(path, (siblings) => siblings.map((one) => (one.id === field.id ? field : one)));
  }

  #change(path: readonly string[], change: (siblings: readonly NestedField[]) => NestedField[]): void {
    this.#fields = withSiblings(this.#fields, path.slice(0, -1), change);
  }
}

function placed(siblings: readonly NestedField[], field: NestedField, place: FieldPlace | undefined): NestedField[] {
  if (place === 'first') return [field, ...siblings];
  if (!place) return [...siblings, field];
  const index = indexOfName(siblings, place.after);
  if (index < 0) throw invalid(`There is no column "${place.after}" to put "${field.name}" after`);
  return [...siblings.slice(0, index + 1), field, ...siblings.slice(index + 1)];
}

function invalid(message: string): SkuaError {
  return new SkuaError('INVALID_ARGUMENT', message);
}

function requireName(name: string): void {
  if (name === '') throw invalid("A column can't have an empty name, which no query could write");
}

function isDate(type: Type): boolean {
  return type.kind === 'primitive' && type.type === 'date';
}

/** Defaults of a column of dates as those of one of timestamps: midnight. */
function promotedDefaults(
  field: NestedField,
  type: Type,
): Partial<Pick<NestedField, 'initialDefault' | 'writeDefault'>> {
  if (!isDate(field.type) || !canHaveBeenDate(type)) return {};
  const midnight = (value: unknown) => (typeof value === 'string' ? `${value}T00:00:00` : value);
  return {
    ...(field.initialDefault !== undefined && { initialDefault: midnight(field.initialDefault) }),
    ...(field.writeDefault !== undefined && { writeDefault: midnight(field.writeDefault) }),
  };
}
