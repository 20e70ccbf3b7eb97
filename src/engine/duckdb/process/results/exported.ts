/** Holds what the engine hands over against what was announced (Arrow C data interface). */
import { DataType, type Field, type IntervalUnit, TimeUnit } from 'apache-arrow';
import koffi from 'koffi';
import { SkuaError } from '../../../../errors.js';
import { throwErrorData } from '../native/errors.js';
import { copyMemory, duckdb, type Pointer } from '../native/library.js';
import { addressOf, allocate, pointerList, readText } from '../native/memory.js';
import type { Layout } from './result-type.js';

/** One column, or a part of one, as it is announced. */
export interface Announced {
  field: Field;
  layout: Layout;
}

const schemaBytes = 72;
const releaseOffset = 56;
const releaseCallback = koffi.proto('void SkuaReleaseArrowSchema(void *schema)');

/**
 * Throws unless columns of the logical types are exported as arrays of the announced types, at any depth: units, zones, precision, scale and
 * lengths included. Which zone a moment is shown in is left open. The caller keeps the logical types.
 */
export function checkExport(options: Pointer, types: readonly Pointer[], announced: readonly Announced[]): void {
  if (types.length !== announced.length) throw differs('the result', `${announced.length} columns`, `${types.length}`);
  if (types.length === 0) return;
  const name = Buffer.from('c\0');
  const schema = allocate(schemaBytes);
  throwErrorData(
    duckdb().duckdb_to_arrow_schema(
      options,
      pointerList(types),
      pointerList(types.map(() => addressOf(name))),
      types.length,
      schema,
    ),
  );
  try {
    const root = nodeOf(schema);
    for (const [index, { field, layout }] of announced.entries()) {
      check(nodeAt(root.children[index] ?? 0), field, layout, field.name);
    }
  } finally {
    const release = schema.readBigUInt64LE(releaseOffset);
    if (release !== 0n) koffi.call(release, releaseCallback, schema);
  }
}

interface SchemaNode {
  format: string;
  children: Pointer[];
  isDictionary: boolean;
}

function nodeAt(pointer: Pointer): SchemaNode {
  const memory = allocate(schemaBytes);
  if (pointer !== 0) copyMemory(addressOf(memory), pointer, schemaBytes);
  return nodeOf(memory);
}

function nodeOf(memory: Buffer): SchemaNode {
  const count = Number(memory.readBigUInt64LE(32));
  const list = allocate(count * 8);
  if (count > 0) copyMemory(addressOf(list), Number(memory.readBigUInt64LE(40)), count * 8);
  return {
    format: readText(Number(memory.readBigUInt64LE(0))),
    children: Array.from({ length: count }, (_, index) => Number(list.readBigUInt64LE(index * 8))),
    isDictionary: memory.readBigUInt64LE(48) !== 0n,
  };
}

function check(node: SchemaNode, field: Field, layout: Layout, path: string): void {
  const expected = formatOf(field.type, layout);
  if (node.isDictionary) throw differs(path, expected, 'a dictionary');
  if (withoutZone(node.format) !== withoutZone(expected)) throw differs(path, expected, node.format);
  const children = (field.type.children ?? []) as Field[];
  const layouts = layoutsOf(layout);
  if (node.children.length !== children.length)
    throw differs(path, `${children.length} parts`, `${node.children.length}`);
  for (const [index, child] of children.entries()) {
    check(nodeAt(node.children[index] ?? 0), child, layouts[index] as Layout, `${path}.${child.name}`);
  }
}

/** A moment is the same in every zone, and the engine exports it with that of the session. */
function withoutZone(format: string): string {
  return format.replace(/^(ts[smun]:).+$/, '$1UTC');
}

function layoutsOf(layout: Layout): Layout[] {
  if (layout.kind === 'list' || layout.kind === 'fixedSizeList') return [layout.child];
  return layout.kind === 'struct' ? layout.children : [];
}

function differs(what: string, announced: string, given: string): SkuaError {
  return new SkuaError('INTERNAL', `the SQL engine gave ${given} for ${what}, which was announced as ${announced}`);
}

const timeUnits: Record<TimeUnit, string> = {
  [TimeUnit.SECOND]: 's',
  [TimeUnit.MILLISECOND]: 'm',
  [TimeUnit.MICROSECOND]: 'u',
  [TimeUnit.NANOSECOND]: 'n',
};

/** The format string of what is collected as an Arrow type. */
function formatOf(type: DataType, layout: Layout): string {
  switch (layout.kind) {
    case 'boolean':
      return 'c';
    case 'sized':
      return 'z';
    case 'list':
      return DataType.isMap(type) ? '+m' : '+l';
    case 'fixedSizeList':
      return `+w:${layout.size}`;
    case 'struct':
      return '+s';
    case 'variable':
      return DataType.isUtf8(type) ? 'u' : 'z';
    case 'fixed':
      return fixedFormat(type);
  }
}

function fixedFormat(type: DataType): string {
  if (DataType.isInt(type)) {
    const format = { 8: 'c', 16: 's', 32: 'i', 64: 'l' }[type.bitWidth as 8 | 16 | 32 | 64];
    return type.isSigned ? format : format.toUpperCase();
  }
  if (DataType.isFloat(type)) return type.precision === 2 ? 'g' : 'f';
  if (DataType.isDecimal(type)) return `d:${type.precision},${type.scale},128`;
  if (DataType.isDate(type)) return 'tdD';
  if (DataType.isTime(type)) return `tt${timeUnits[type.unit]}`;
  if (DataType.isTimestamp(type)) {
    // Moments in nanoseconds are a name of ours for TIMESTAMP_NS, of which the engine exports no zone.
    const zone = type.unit === TimeUnit.NANOSECOND ? '' : (type.timezone ?? '');
    return `ts${timeUnits[type.unit]}:${zone}`;
  }
  if (DataType.isInterval(type)) return (['tiM', 'tiD', 'tin'] as const)[type.unit as IntervalUnit];
  if (DataType.isFixedSizeBinary(type)) return `w:${type.byteWidth}`;
  throw new SkuaError('INTERNAL', `no format is known of the type ${type}`);
}
