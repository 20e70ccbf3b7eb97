import koffi from 'koffi';
import { SkuaError } from '../../../../errors.js';
import { duckdb, type Pointer, refusal } from './library.js';
import { Slot } from './memory.js';

const anyId = 34;
const variantId = 41;

/** Their binding in DuckDB 1.5 reads what a list's type has besides out of any type that it was given, and a VARIANT's has not that. */
const careless = [
  'array_grade_up',
  'array_resize',
  'array_reverse_sort',
  'array_sort',
  'grade_up',
  'list_grade_up',
  'list_resize',
  'list_reverse_sort',
  'list_sort',
];

const message = 'a VARIANT is no list to this function; cast it to one, such as VARCHAR[]';

/** Has the functions that would damage the engine's memory over a VARIANT refuse one: INVALID_ARGUMENT. */
export function refuseVariantsAsLists(connection: Pointer): void {
  const library = duckdb();
  const [variant, any] = [library.duckdb_create_logical_type(variantId), library.duckdb_create_logical_type(anyId)];
  try {
    for (const name of careless) {
      const overload = library.duckdb_create_scalar_function();
      library.duckdb_scalar_function_set_name(overload, name);
      library.duckdb_scalar_function_add_parameter(overload, variant);
      library.duckdb_scalar_function_set_varargs(overload, any);
      library.duckdb_scalar_function_set_return_type(overload, variant);
      library.duckdb_scalar_function_set_bind(overload, refuse());
      // Never called, since nothing binds to it.
      library.duckdb_scalar_function_set_function(overload, refusal());
      const state = library.duckdb_register_scalar_function(connection, overload);
      library.duckdb_destroy_scalar_function(Slot.holding(overload).memory);
      if (state !== 0) throw new SkuaError('INTERNAL', `the SQL engine refuses another form of ${name}`);
    }
  } finally {
    for (const type of [variant, any]) library.duckdb_destroy_logical_type(Slot.holding(type).memory);
  }
}

let registered: Pointer | undefined;

/** The address of a C function that binds nothing. Called on one of the engine's threads, which waits while this one does the work. */
function refuse(): Pointer {
  if (registered === undefined) {
    const type = koffi.pointer(koffi.proto('void duckdb_scalar_function_bind_t(uint64_t info)'));
    const bind = (info: Pointer) => duckdb().duckdb_scalar_function_bind_set_error(info, message);
    registered = Number(koffi.address(koffi.register(bind, type)));
  }
  return registered;
}
