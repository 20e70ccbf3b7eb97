/** Data and delete files as JSON (Iceberg REST specification, `DataFile`, `PositionDeleteFile`, `EqualityDeleteFile`). */
import { SkuaError } from '../../errors.js';
import { asArray, asBigint, asNumber, asObject, asString, type JsonObject, optional } from '../json-reader.js';
import { allColumns, partitionTypes } from '../partition-types.js';
import { partitionSpecById } from '../snapshots.js';
import type { DataFile, DeleteFile, FileFormat, NestedField, PartitionValue, TableMetadata, Type } from '../types.js';
import { formatValue } from '../values/text-value.js';
import { boundFromJson, valueFromJson, valueToJson } from './value.js';

/** Reads files of one table. What does not follow the specification: DATA_LOSS naming the key. */
export class ContentFileReader {
  readonly #metadata: TableMetadata;
  readonly #columns: ReadonlyMap<number, NestedField>;
  readonly #partitionTypes = new Map<number, Type[]>();

  constructor(metadata: TableMetadata) {
    this.#metadata = metadata;
    this.#columns = allColumns(metadata);
  }

  dataFile(json: unknown, where: string): DataFile {
    const object = asObject(json, where);
    const firstRowId = optional(object['first-row-id'], `${where}.first-row-id`, asBigint);
    return {
      content: 'data',
      ...this.#common(object, where),
      ...(firstRowId !== undefined && { firstRowId }),
    };
  }

  deleteFile(json: unknown, where: string): DeleteFile {
    const object = asObject(json, where);
    const content = asString(object.content, `${where}.content`).toLowerCase();
    if (content !== 'position-deletes' && content !== 'equality-deletes') {
      throw new SkuaError('DATA_LOSS', `The catalog's plan is malformed: ${where}.content is no kind of deletes`);
    }
    const equalityIds = optional(object['equality-ids'], `${where}.equality-ids`, asArray)?.map((id) =>
      asNumber(id, `${where}.equality-ids`),
    );
    const referencedDataFile = optional(object['referenced-data-file'], `${where}.referenced-data-file`, asString);
    const contentOffset = optional(object['content-offset'], `${where}.content-offset`, asNumber);
    const contentSize = optional(object['content-size-in-bytes'], `${where}.content-size-in-bytes`, asNumber);
    return {
      content,
      ...this.#common(object, where),
      ...(equalityIds && { equalityIds }),
      ...(referencedDataFile !== undefined && { referencedDataFile }),
      ...(contentOffset !== undefined && { contentOffset }),
      ...(contentSize !== undefined && { contentSize }),
    };
  }

  #common(object: JsonObject, where: string) {
    const specId = asNumber(object['spec-id'], `${where}.spec-id`);
    const counts = (name: string) => this.#counts(object[name], `${where}.${name}`);
    const bounds = (name: string) => this.#bounds(object[name], `${where}.${name}`);
    const splitOffsets = optional(object['split-offsets'], `${where}.split-offsets`, asArray)?.map((offset) =>
      asNumber(offset, `${where}.split-offsets`),
    );
    return {
      location: asString(object['file-path'], `${where}.file-path`),
      format: asString(object['file-format'], `${where}.file-format`).toLowerCase() as FileFormat,
      specId,
      partition: this.#partition(specId, object.partition, `${where}.partition`),
      recordCount: asNumber(object['record-count'], `${where}.record-count`),
      fileSize: asNumber(object['file-size-in-bytes'], `${where}.file-size-in-bytes`),
      ...named('columnSizes', counts('column-sizes')),
      ...named('valueCounts', counts('value-counts')),
      ...named('nullCounts', counts('null-value-counts')),
      ...named('nanCounts', counts('nan-value-counts')),
      ...named('lowerBounds', bounds('lower-bounds')),
      ...named('upperBounds', bounds('upper-bounds')),
      ...named('splitOffsets', splitOffsets),
      ...(typeof object['key-metadata'] === 'string' && {
        keyMetadata: Buffer.from(object['key-metadata'], 'hex'),
      }),
    };
  }

  /** In the order of the spec's fields, or by their ids. */
  #partition(specId: number, json: unknown, where: string): PartitionValue[] {
    const { fields } = partitionSpecById(this.#metadata, specId);
    const types = this.#typesOf(specId);
    const values = Array.isArray(json)
      ? json
      : fields.map(({ fieldId }) => asObject(json ?? {}, where)[String(fieldId)]);
    return fields.map((_, index) => {
      const value = values[index] ?? null;
      if (value === null) return null;
      const read = valueFromJson(types[index] as Type, value);
      if (read !== undefined) return read;
      throw new SkuaError('DATA_LOSS', `The catalog's plan is malformed: ${where}[${index}] is not of its type`);
    });
  }

  #typesOf(specId: number): Type[] {
    const known = this.#partitionTypes.get(specId);
    if (known) return known;
    const types = partitionTypes(this.#metadata, partitionSpecById(this.#metadata, specId));
    this.#partitionTypes.set(specId, types);
    return types;
  }

  #counts(json: unknown, where: string): Map<number, number> | undefined {
    const entries = entriesOf(json, where)?.map(([id, count]) => [id, asNumber(count, where)] as const);
    return entries && new Map(entries);
  }

  #bounds(json: unknown, where: string): Map<number, Uint8Array> | undefined {
    const entries = entriesOf(json, where)?.flatMap(([id, bound]) => {
      const column = this.#columns.get(id);
      const bytes = column && boundFromJson(column.type, bound);
      return bytes ? [[id, bytes] as const] : [];
    });
    return entries && new Map(entries);
  }
}

function named<N extends string, T>(name: N, value: T | undefined): Partial<Record<N, T>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<N, T>>;
}

/** `{ keys: […], values: […] }` */
function entriesOf(json: unknown, where: string): [number, unknown][] | undefined {
  const map = optional(json, where, asObject);
  if (!map) return undefined;
  const values = asArray(map.values ?? [], `${where}.values`);
  return asArray(map.keys ?? [], `${where}.keys`).map((key, index) => [asNumber(key, `${where}.keys`), values[index]]);
}

/** Statistics are written for the columns that the file still has them of. */
export function contentFileToJson(metadata: TableMetadata, file: DataFile | DeleteFile): JsonObject {
  const types = partitionTypes(metadata, partitionSpecById(metadata, file.specId));
  const common: JsonObject = {
    content: file.content,
    'file-path': file.location,
    'file-format': file.format,
    'spec-id': file.specId,
    partition: file.partition.map((value, index) => partitionToJson(types[index] as Type, value)),
    'file-size-in-bytes': file.fileSize,
    'record-count': file.recordCount,
    ...mapped('column-sizes', file.columnSizes),
    ...mapped('value-counts', file.valueCounts),
    ...mapped('null-value-counts', file.nullCounts),
    ...mapped('nan-value-counts', file.nanCounts),
    ...mapped('lower-bounds', file.lowerBounds),
    ...mapped('upper-bounds', file.upperBounds),
    ...(file.splitOffsets && { 'split-offsets': file.splitOffsets }),
    ...(file.keyMetadata && { 'key-metadata': Buffer.from(file.keyMetadata).toString('hex') }),
  };
  if (file.content === 'data') {
    return { ...common, ...(file.firstRowId !== undefined && { 'first-row-id': file.firstRowId }) };
  }
  return {
    ...common,
    ...(file.equalityIds && { 'equality-ids': file.equalityIds }),
    ...(file.referencedDataFile !== undefined && { 'referenced-data-file': file.referencedDataFile }),
    ...(file.contentOffset !== undefined && { 'content-offset': file.contentOffset }),
    ...(file.contentSize !== undefined && { 'content-size-in-bytes': file.contentSize }),
  };
}

/** What JSON has no numbers for is text, as Iceberg's own library writes it. */
function partitionToJson(type: Type, value: PartitionValue): unknown {
  if (value === null) return null;
  const json = Object.is(value, -0) ? undefined : valueToJson(type, value);
  return json ?? formatValue(type, value);
}

function mapped(name: string, map: ReadonlyMap<number, number | Uint8Array> | undefined): JsonObject {
  if (!map || map.size === 0) return {};
  const values = [...map.values()].map((value) =>
    typeof value === 'number' ? value : Buffer.from(value).toString('hex').toUpperCase(),
  );
  return { [name]: { keys: [...map.keys()], values } };
}
