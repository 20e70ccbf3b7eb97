/** Types that DuckDB lacks, as names of their own for types that it has. */
import { SkuaError } from '../../../../errors.js';
import { duckdb, type Pointer, refusal } from './library.js';
import { Slot, takeText } from './memory.js';

const blobId = 18;
const timestampNsId = 22;

/**
 * TIMESTAMP_NS whose values are moments. DuckDB compares and combines it with TIMESTAMPTZ exactly, and has no function for it: those for
 * TIMESTAMP_NS would lose the zone or the nanoseconds.
 */
export const zonedNanoseconds = 'timestamptz_ns';

/** Bytes of one length, as the planner calls them; where queries run they are plain BLOBs. */
export function fixedName(width: number): string {
  return `fixed_${width}`;
}

/** In bytes; undefined for any other name. */
export function widthOfFixed(name: string): number | undefined {
  const digits = /^fixed_(\d+)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name that a type goes by; empty where it has none but its own. */
export function nameOfType(type: Pointer): string {
  return takeText(duckdb().duckdb_logical_type_get_alias(type));
}

/** A handle of the type, which the caller destroys. */
export function zonedNanosecondsType(): Pointer {
  return named(timestampNsId, zonedNanoseconds);
}

export function registerZonedNanoseconds(connection: Pointer): void {
  withType(zonedNanosecondsType(), (type) => register(connection, type));
}

/**
 * Makes the name known, and that its values may be used as BLOBs. For planning alone: where the cast would have to be computed, it fails.
 */
export function registerFixed(connection: Pointer, width: number): void {
  const library = duckdb();
  withType(named(blobId, fixedName(width)), (type) => {
    register(connection, type);
    withType(library.duckdb_create_logical_type(blobId), (blob) => {
      const cast = library.duckdb_create_cast_function();
      try {
        library.duckdb_cast_function_set_source_type(cast, type);
        library.duckdb_cast_function_set_target_type(cast, blob);
        library.duckdb_cast_function_set_implicit_cast_cost(cast, 1);
        library.duckdb_cast_function_set_function(cast, refusal());
        if (library.duckdb_register_cast_function(connection, cast) !== 0) throw refused(fixedName(width));
      } finally {
        library.duckdb_destroy_cast_function(Slot.holding(cast).memory);
      }
    });
  });
}

function named(id: number, name: string): Pointer {
  const type = duckdb().duckdb_create_logical_type(id);
  duckdb().duckdb_logical_type_set_alias(type, name);
  return type;
}

function register(connection: Pointer, type: Pointer): void {
  if (duckdb().duckdb_register_logical_type(connection, type, 0) !== 0) throw refused(nameOfType(type));
}

function refused(name: string): SkuaError {
  return new SkuaError('INTERNAL', `the SQL engine refuses the type ${name}`);
}

function withType(type: Pointer, work: (type: Pointer) => void): void {
  try {
    work(type);
  } finally {
    duckdb().duckdb_destroy_logical_type(Slot.holding(type).memory);
  }
}
