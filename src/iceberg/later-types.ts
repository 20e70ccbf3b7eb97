/** Types that tables have from a later format version on (Iceberg spec, "Primitive Types"). */
import { SkuaError } from '../errors.js';
import { typeToSql } from './sql-type.js';
import type { Type } from './types.js';

const FIRST_VERSION = 3;
const LATER = new Set(['variant', 'timestamp_ns', 'timestamptz_ns', 'unknown']);

/** A type that tables of the format version don't have: INVALID_ARGUMENT naming the column and the field in it. */
export function refuseLaterTypes(name: string, type: Type, formatVersion: number): void {
  if (formatVersion >= FIRST_VERSION) return;
  switch (type.kind) {
    case 'struct':
      for (const field of type.fields) refuseLaterTypes(`${name}.${field.name}`, field.type, formatVersion);
      return;
    case 'list':
      refuseLaterTypes(`${name}.element`, type.element, formatVersion);
      return;
    case 'map':
      refuseLaterTypes(`${name}.key`, type.key, formatVersion);
      refuseLaterTypes(`${name}.value`, type.value, formatVersion);
      return;
    default: {
      const isLater = type.kind === 'primitive' ? LATER.has(type.type) : type.kind.startsWith('geo');
      if (!isLater) return;
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `Column "${name}" is of type ${typeToSql(type)}, which tables have from format version ${FIRST_VERSION} on ` +
          `(TBLPROPERTIES ('format-version' = '${FIRST_VERSION}')); this one is of version ${formatVersion}`,
      );
    }
  }
}
