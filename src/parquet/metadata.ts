import type { PhysicalColumn } from '../expressions/index.js';
import type { ByteRange } from '../storage/contract.js';
import { annotationOf } from './annotations.js';
import { certainStatistics, type StatedStatistics } from './certain-statistics.js';
import { CompactReader, type Thrift } from './compact-reader.js';
import { storedType } from './stored-type.js';
import {
  type ChunkStatistics,
  CODECS,
  type ColumnChunk,
  type LeafColumn,
  type LogicalKind,
  type ParquetFooter,
  type PhysicalType,
  type RowGroup,
  type SchemaElement,
} from './types.js';

const PHYSICAL_TYPES: readonly PhysicalType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
];

const REQUIRED = 0;
const REPEATED = 2;

/** Of Encoding. */
const BYTE_STREAM_SPLIT = 9;

/** Reads FileMetaData. The fields' numbers are those of `parquet.thrift`. */
export function parseMetadata(bytes: Uint8Array): Omit<ParquetFooter, 'length' | 'fileSize'> {
  const file = new CompactReader(bytes).struct();
  const schema = file.field_2 as Thrift[];
  const { columns, leaves } = readSchema(schema);
  const elements = schema.map(readElement);
  const leafElements = [...elements.keys()].filter((index) => isLeaf(elements[index] as SchemaElement));
  const createdBy = text(file.field_6);
  const orders = file.field_7 as Thrift[] | undefined;
  const stated = leaves.map((leaf, index): StatedColumn => {
    const annotation = elements[leafElements[index] as number]?.annotation ?? { kind: 'other' };
    return { leaf, annotation, createdBy, isTypeOrdered: orders === undefined || Boolean(orders[index]?.field_1) };
  });
  return {
    rowCount: Number(file.field_3),
    columns,
    rowGroups: (file.field_4 as Thrift[]).map((group) => readRowGroup(group, stated)),
    createdBy,
    elements,
    leafElements,
    metadata: bytes,
  };
}

/** What the statistics of a column's chunks hang on. */
interface StatedColumn extends Pick<StatedStatistics, 'annotation' | 'createdBy' | 'isTypeOrdered'> {
  leaf: LeafColumn;
}

function readElement(element: Thrift): SchemaElement {
  return {
    physicalType: element.field_1 === undefined ? undefined : PHYSICAL_TYPES[element.field_1 as number],
    length: element.field_2 as number | undefined,
    childCount: (element.field_5 as number | undefined) ?? 0,
    isRepeated: element.field_3 === REPEATED,
    annotation: annotationOf(element),
  };
}

function isLeaf({ physicalType, childCount }: SchemaElement): boolean {
  return physicalType !== undefined && childCount === 0;
}

/** The flat list of schema elements, each group followed by its members, as a tree. */
function readSchema(elements: readonly Thrift[]): { columns: PhysicalColumn[]; leaves: LeafColumn[] } {
  const leaves: LeafColumn[] = [];
  let index = 1;

  function readNode(parent: Pick<LeafColumn, 'path' | 'flat' | 'required'>): PhysicalColumn {
    const element = elements[index++];
    if (!element) throw new Error('the schema ends early');
    const name = text(element.field_4) ?? '';
    const fieldId = element.field_9 as number | undefined;
    const path = [...parent.path, name];
    const flat = parent.flat && element.field_3 !== REPEATED;
    const required = parent.required && element.field_3 === REQUIRED;
    const childCount = (element.field_5 as number | undefined) ?? 0;
    const physicalType = PHYSICAL_TYPES[element.field_1 as number];
    if (physicalType && childCount === 0) {
      const length = element.field_2 as number | undefined;
      leaves.push({ path, fieldId, physicalType, logicalType: logicalKind(element), length, flat, required });
    }
    const children = Array.from({ length: childCount }, () => readNode({ path, flat, required }));
    const stored = physicalType && storedType(element, physicalType);
    const logicalType = element.field_10 as Thrift | undefined;
    const isVariant = logicalType?.field_16 !== undefined;
    const isSpatial = (logicalType?.field_17 ?? logicalType?.field_18) !== undefined;
    return {
      name,
      ...(fieldId === undefined ? {} : { fieldId }),
      children,
      ...(stored && { stored }),
      ...(isVariant && { isVariant }),
      ...(isSpatial && { isSpatial }),
    };
  }

  const root = { path: [], flat: true, required: true };
  const topLevel = (elements[0]?.field_5 as number | undefined) ?? 0;
  return { columns: Array.from({ length: topLevel }, () => readNode(root)), leaves };
}

function logicalKind(element: Thrift): LogicalKind | undefined {
  const logical = element.field_10 as Thrift | undefined;
  if (logical?.field_1) return 'string';
  if (logical?.field_6) return 'date';
  if (logical?.field_8) return ((logical.field_8 as Thrift).field_2 as Thrift).field_2 ? 'timestamp-micros' : 'other';
  if (logical?.field_10) return (logical.field_10 as Thrift).field_2 === true ? 'signed-integer' : 'other';
  if (logical && Object.keys(logical).length > 0) return 'other';
  return convertedKind(element.field_6 as number | undefined);
}

/** ConvertedType, which older writers have in the place of LogicalType. */
function convertedKind(converted: number | undefined): LogicalKind | undefined {
  if (converted === undefined) return undefined;
  if (converted === 0) return 'string';
  if (converted === 6) return 'date';
  if (converted === 10) return 'timestamp-micros';
  return converted >= 15 && converted <= 18 ? 'signed-integer' : 'other';
}

function readRowGroup(group: Thrift, leaves: readonly StatedColumn[]): RowGroup {
  const chunks = group.field_1 as Thrift[];
  return {
    rowCount: Number(group.field_3),
    chunks: chunks.map((chunk, index) => readChunk(chunk, leaves[index])),
  };
}

function readChunk(chunk: Thrift, column: StatedColumn | undefined): ColumnChunk {
  const meta = chunk.field_3 as Thrift | undefined;
  if (!column || !meta) throw new Error('a column chunk has no metadata');
  if (chunk.field_1 !== undefined) throw new Error('a column chunk lies in another file');
  const bloomOffset = Number(meta.field_14 ?? 0);
  const bloomLength = meta.field_15 === undefined ? undefined : integer(meta.field_15);
  return {
    leaf: column.leaf,
    codec: CODECS[Number(meta.field_4)] ?? 'UNCOMPRESSED',
    isSplit: ((meta.field_2 as number[] | undefined) ?? []).includes(BYTE_STREAM_SPLIT),
    uncompressedSize: Number(meta.field_6),
    range: chunkRange(meta),
    statistics: readStatistics(meta, column),
    bloomFilter: bloomOffset > 0 ? { offset: bloomOffset, length: bloomLength } : undefined,
  };
}

function integer(value: unknown): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new Error('a size is no number');
  return Number(value);
}

/** From the first page of any kind; some writers give a dictionary offset of 0 where there is no dictionary. */
function chunkRange(meta: Thrift): ByteRange {
  const pages = [meta.field_9, meta.field_10, meta.field_11].map((offset) => Number(offset ?? 0));
  const offset = Math.min(...pages.filter((page) => page >= 4));
  return { offset, length: integer(meta.field_7) };
}

function readStatistics(meta: Thrift, { leaf, ...column }: StatedColumn): ChunkStatistics | undefined {
  const statistics = meta.field_12 as Thrift | undefined;
  if (!statistics) return undefined;
  return certainStatistics({
    ...column,
    physicalType: leaf.physicalType,
    valueCount: Number(meta.field_5),
    min: statistics.field_6 as Uint8Array | undefined,
    max: statistics.field_5 as Uint8Array | undefined,
    deprecatedMin: statistics.field_2 as Uint8Array | undefined,
    deprecatedMax: statistics.field_1 as Uint8Array | undefined,
    nullCount: statistics.field_3 === undefined ? undefined : Number(statistics.field_3),
  });
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : Buffer.from(value as Uint8Array).toString('utf8');
}
