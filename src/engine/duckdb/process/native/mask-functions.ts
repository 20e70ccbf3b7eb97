/** The masks of texts as functions of the engine: a fraction of the time that SQL would take to look at each character. */
import koffi from 'koffi';
import { SkuaError } from '../../../../errors.js';
import { duckdb, type Pointer } from './library.js';
import { Slot } from './memory.js';
import { type KeptPoints, maskText } from './text-masks.js';
import { changeTexts } from './text-vector.js';

const varcharId = 17;

const FUNCTIONS: Record<string, KeptPoints> = {
  skua_mask_alphanum: { first: 0, last: 0 },
  skua_show_first_4: { first: 4, last: 0 },
  skua_show_last_4: { first: 0, last: 4 },
};

/** Makes them known to the engine. */
export function registerTextMasks(connection: Pointer): void {
  const library = duckdb();
  const varchar = library.duckdb_create_logical_type(varcharId);
  try {
    for (const [name, kept] of Object.entries(FUNCTIONS)) {
      const created = library.duckdb_create_scalar_function();
      library.duckdb_scalar_function_set_name(created, name);
      library.duckdb_scalar_function_add_parameter(created, varchar);
      library.duckdb_scalar_function_set_return_type(created, varchar);
      library.duckdb_scalar_function_set_function(created, addressOfMask(name, kept));
      const state = library.duckdb_register_scalar_function(connection, created);
      library.duckdb_destroy_scalar_function(Slot.holding(created).memory);
      if (state !== 0) throw new SkuaError('INTERNAL', `the SQL engine refuses the function ${name}`);
    }
  } finally {
    library.duckdb_destroy_logical_type(Slot.holding(varchar).memory);
  }
}

const addresses = new Map<string, Pointer>();

/** A C function of all databases, which runs on this thread while the engine's own waits for it. */
function addressOfMask(name: string, kept: KeptPoints): Pointer {
  const known = addresses.get(name);
  if (known !== undefined) return known;
  const type = koffi.pointer(koffi.proto(`void ${name}_t(uint64_t info, uint64_t input, uint64_t output)`));
  const address = Number(koffi.address(koffi.register(maskOf(kept), type)));
  addresses.set(name, address);
  return address;
}

function maskOf(kept: KeptPoints): (info: Pointer, input: Pointer, output: Pointer) => void {
  return (info, input, output) => {
    const library = duckdb();
    try {
      const rows = library.duckdb_data_chunk_get_size(input);
      const vector = library.duckdb_data_chunk_get_vector(input, 0);
      changeTexts(vector, output, rows, (text, target, at) => maskText(text, kept, target, at));
    } catch {
      // What is known of the failure may be of the text.
      library.duckdb_scalar_function_set_error(info, 'a text could not be masked');
    }
  };
}
