/** Partition evolution (Iceberg spec, "Partition Evolution"). */
import { SkuaError } from '../../errors.js';
import { typeToText } from '../schema.js';
import { defaultPartitionSpec } from '../snapshots.js';
import { takesSource } from '../transforms/source-types.js';
import type { NestedField, PartitionField, TableMetadata } from '../types.js';
import { highestPartitionId } from './assigned-ids.js';
import { fieldPath, indexOfName, placeOf, requirePlace } from './tree.js';

/** What partitions: a column by its path, under a transform as the specification writes it. */
export interface PartitionTerm {
  column: readonly string[];
  transform: string;
}

/** A table's default partition spec while it is being changed. What does not fit: INVALID_ARGUMENT with the reason. */
export class SpecEvolution {
  readonly #metadata: TableMetadata;
  #fields: PartitionField[];
  #lastPartitionId: number;

  constructor(metadata: TableMetadata) {
    this.#metadata = metadata;
    this.#fields = defaultPartitionSpec(metadata).fields;
    this.#lastPartitionId = highestPartitionId(metadata);
  }

  get fields(): readonly PartitionField[] {
    return this.#fields;
  }

  /** Adds a field for columns of the given schema. One that is there already: ALREADY_EXISTS. */
  add(columns: readonly NestedField[], term: PartitionTerm, name: string | undefined): void {
    const source = partitionSource(columns, term);
    const same = this.#fields.find((field) => isOf(field, source.id, term.transform));
    if (same) {
      const by = describeTerm(term);
      throw new SkuaError('ALREADY_EXISTS', `The table is already partitioned by ${by} ("${same.name}")`);
    }
    const earlier = this.#earlierField(source.id, term.transform, name);
    const added = {
      fieldId: earlier?.fieldId ?? ++this.#lastPartitionId,
      sourceIds: [source.id],
      name: name ?? earlier?.name ?? defaultFieldName(term),
      transform: term.transform,
    };
    // What version 1 kept of the field as `void` would have its id too.
    const kept = this.#fields.filter(({ fieldId }) => fieldId !== added.fieldId);
    const others = kept.map((field) => withoutName(field, added.name));
    checkPartitionName(columns, added, source);
    if (others.some((field) => field.name === added.name)) {
      throw new SkuaError(
        'ALREADY_EXISTS',
        `There is already a partition field "${added.name}"; name the new one with AS`,
      );
    }
    this.#fields = [...others, added];
  }

  /** Makes these terms the whole spec: fields that are among them stay as they are, the others go as `drop` takes them out. */
  set(columns: readonly NestedField[], terms: readonly (PartitionTerm & { name?: string | undefined })[]): void {
    const isWanted = ({ sourceIds, transform, name }: PartitionField) =>
      terms.some(
        (term) =>
          partitionSource(columns, term).id === sourceIds[0] &&
          term.transform === transform &&
          (term.name === undefined || term.name === name),
      );
    const before = this.#fields;
    const isOrdered = this.#metadata.formatVersion === 1;
    // Version 1 tells partition fields by their places, so that none of them may go or move.
    this.#fields = isOrdered ? before.map((field) => (isWanted(field) ? field : { ...field, transform: 'void' })) : [];
    for (const term of terms) {
      const stays =
        isOrdered &&
        before.some((field) => isWanted(field) && isOf(field, partitionSource(columns, term).id, term.transform));
      if (!stays) this.add(columns, term, term.name);
    }
  }

  /** Takes out the field of that name or term. Version 1 keeps its place in the partition tuple, with the transform `void`. */
  drop(columns: readonly NestedField[], term: PartitionTerm): void {
    const dropped = this.#named(term) ?? this.#ofTerm(columns, term);
    if (!dropped) {
      const known = this.#fields.filter(({ transform }) => transform !== 'void').map(({ name }) => name);
      const hint = known.length > 0 ? `it is by ${known.join(', ')}` : 'it is not partitioned';
      throw new SkuaError('INVALID_ARGUMENT', `The table is not partitioned by ${describeTerm(term)}; ${hint}`);
    }
    this.#fields =
      this.#metadata.formatVersion === 1
        ? this.#fields.map((field) => (field === dropped ? { ...field, transform: 'void' } : field))
        : this.#fields.filter((field) => field !== dropped);
  }

  #named({ column, transform }: PartitionTerm): PartitionField | undefined {
    if (column.length !== 1 || transform !== 'identity') return undefined;
    const live = this.#fields.filter((field) => field.transform !== 'void');
    const folded = (column[0] as string).toLowerCase();
    return live.find(({ name }) => name === column[0]) ?? live.find(({ name }) => name.toLowerCase() === folded);
  }

  #ofTerm(columns: readonly NestedField[], term: PartitionTerm): PartitionField | undefined {
    const source = placeOf(columns, term.column)?.field;
    return source && this.#fields.find((field) => isOf(field, source.id, term.transform));
  }

  /** A field of an earlier spec for the same values keeps its id, so that their partitions stay comparable. */
  #earlierField(sourceId: number, transform: string, name: string | undefined): PartitionField | undefined {
    if (this.#metadata.formatVersion === 1) return undefined;
    return this.#metadata.partitionSpecs
      .flatMap(({ fields }) => fields)
      .find((field) => isOf(field, sourceId, transform) && (name === undefined || name === field.name));
  }
}

/** The column that a term partitions by. A transform that does not take its type: INVALID_ARGUMENT. */
export function partitionSource(columns: readonly NestedField[], term: PartitionTerm): NestedField {
  const { field } = requirePlace(columns, term.column);
  if (!takesSource(term.transform, field.type)) {
    const kind = term.transform.replace(/\[.*/, '');
    const name = term.column.join('.');
    throw new SkuaError('INVALID_ARGUMENT', `${kind} can't partition by "${name}" of type ${typeToText(field.type)}`);
  }
  return field;
}

/** Only an identity partition may have the name of a column, and only that of its own. */
export function checkPartitionName(
  columns: readonly NestedField[],
  { name, transform }: Pick<PartitionField, 'name' | 'transform'>,
  source: NestedField,
): void {
  const column = columns[indexOfName(columns, name)];
  if (!column || (transform === 'identity' && column.id === source.id)) return;
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `A partition field can't be called "${name}", which is a column; name it with AS`,
  );
}

/**
 * Refuses columns that go by the name of a partition field made of another column, in whatever spec of the table: the reference
 * implementation can't read such a table.
 */
export function refusePartitionNames(
  { partitionSpecs }: TableMetadata,
  columns: readonly NestedField[],
  ids: readonly number[],
): void {
  for (const id of ids) {
    const name = fieldPath(columns, id)?.join('.');
    const field = partitionSpecs
      .flatMap(({ fields }) => fields)
      .find((one) => one.name === name && one.sourceIds[0] !== id);
    if (field) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `No column can be called "${name}": a partition field of the table, made of another column, has that name`,
      );
    }
  }
}

/** `id_bucket_16`, `name_trunc_4`, `time_day`; as the reference implementation names fields that are added later. */
function defaultFieldName({ column, transform }: PartitionTerm): string {
  const base = column.join('.');
  const [, kind, width] = /^(\w+)(?:\[(\d+)\])?$/.exec(transform) ?? [];
  if (kind === 'identity') return base;
  if (kind === 'void') return `${base}_null`;
  return `${base}_${kind === 'truncate' ? 'trunc' : kind}${width === undefined ? '' : `_${width}`}`;
}

/** A void field gives up its name to a new one. */
function withoutName(field: PartitionField, name: string): PartitionField {
  const isTaken = field.transform === 'void' && field.name === name;
  return isTaken ? { ...field, name: `${name}_${field.fieldId}` } : field;
}

function isOf(field: PartitionField, sourceId: number, transform: string): boolean {
  return field.transform === transform && field.sourceIds.length === 1 && field.sourceIds[0] === sourceId;
}

function describeTerm({ column, transform }: PartitionTerm): string {
  const [, kind, width] = /^(\w+)(?:\[(\d+)\])?$/.exec(transform) ?? [];
  if (kind === 'identity') return `"${column.join('.')}"`;
  return `${kind}(${width === undefined ? '' : `${width}, `}"${column.join('.')}")`;
}
