import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';
import { SkuaError } from '../../../../errors.js';

/** An address in the process's memory. User-space addresses fit a double exactly; 0 is NULL. */
export type Pointer = number;

/** How an argument or a result crosses the border. */
interface NativeTypes {
  void: undefined;
  state: number;
  int: number;
  double: number;
  float: number;
  bool: boolean;
  size: number;
  int64: number | bigint;
  uint64: number | bigint;
  pointer: Pointer;
  /** Memory that JavaScript owns and that the callee reads or fills during the call. */
  memory: ArrayBufferView | null;
  /** A C string, copied. */
  text: string | null;
  /** `duckdb_result` by value. */
  result: ResultWords;
  hugeint: { lower: bigint; upper: bigint };
  decimal: { width: number; scale: number; value: { lower: bigint; upper: bigint } };
  interval: { months: number; days: number; micros: bigint };
  progress: { percentage: number };
}

export interface ResultWords {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

type NativeType = keyof NativeTypes;
type Signature = readonly [NativeType, readonly NativeType[]];

/** The part of DuckDB's C API that Skua calls. */
const signatures = {
  duckdb_open_ext: ['state', ['text', 'memory', 'pointer', 'memory']],
  duckdb_close: ['void', ['memory']],
  duckdb_connect: ['state', ['pointer', 'memory']],
  duckdb_disconnect: ['void', ['memory']],
  duckdb_interrupt: ['void', ['pointer']],
  duckdb_query_progress: ['progress', ['pointer']],
  duckdb_get_profiling_info: ['pointer', ['pointer']],
  duckdb_profiling_info_get_value: ['pointer', ['pointer', 'text']],
  duckdb_profiling_info_get_child_count: ['size', ['pointer']],
  duckdb_profiling_info_get_child: ['pointer', ['pointer', 'size']],
  duckdb_get_varchar: ['pointer', ['pointer']],
  duckdb_library_version: ['text', []],
  duckdb_free: ['void', ['pointer']],
  duckdb_create_config: ['state', ['memory']],
  duckdb_set_config: ['state', ['pointer', 'text', 'text']],
  duckdb_destroy_config: ['void', ['memory']],

  duckdb_query: ['state', ['pointer', 'text', 'memory']],
  duckdb_destroy_result: ['void', ['memory']],
  duckdb_result_error: ['text', ['memory']],
  duckdb_column_name: ['pointer', ['memory', 'size']],
  duckdb_column_logical_type: ['pointer', ['memory', 'size']],
  duckdb_column_count: ['size', ['memory']],
  duckdb_row_count: ['size', ['memory']],
  duckdb_value_varchar: ['pointer', ['memory', 'size', 'size']],
  duckdb_fetch_chunk: ['pointer', ['result']],
  duckdb_result_get_arrow_options: ['pointer', ['memory']],
  duckdb_destroy_arrow_options: ['void', ['memory']],
  duckdb_destroy_data_chunk: ['void', ['memory']],
  duckdb_data_chunk_get_size: ['size', ['pointer']],
  duckdb_data_chunk_get_vector: ['pointer', ['pointer', 'size']],
  duckdb_vector_get_data: ['pointer', ['pointer']],
  duckdb_vector_get_validity: ['pointer', ['pointer']],
  duckdb_vector_ensure_validity_writable: ['void', ['pointer']],
  duckdb_unsafe_vector_assign_string_element_len: ['void', ['pointer', 'size', 'memory', 'size']],
  duckdb_to_arrow_schema: ['pointer', ['pointer', 'memory', 'memory', 'size', 'memory']],
  duckdb_data_chunk_to_arrow: ['pointer', ['pointer', 'pointer', 'memory']],

  duckdb_extract_statements: ['size', ['pointer', 'text', 'memory']],
  duckdb_extract_statements_error: ['text', ['pointer']],
  duckdb_destroy_extracted: ['void', ['memory']],

  duckdb_prepare: ['state', ['pointer', 'text', 'memory']],
  duckdb_prepare_error: ['text', ['pointer']],
  duckdb_destroy_prepare: ['void', ['memory']],
  duckdb_nparams: ['size', ['pointer']],
  duckdb_parameter_name: ['pointer', ['pointer', 'size']],
  duckdb_param_logical_type: ['pointer', ['pointer', 'size']],
  duckdb_prepared_statement_column_count: ['size', ['pointer']],
  duckdb_prepared_statement_column_name: ['pointer', ['pointer', 'size']],
  duckdb_prepared_statement_column_logical_type: ['pointer', ['pointer', 'size']],
  duckdb_bind_value: ['state', ['pointer', 'size', 'pointer']],
  duckdb_bind_varchar_length: ['state', ['pointer', 'size', 'memory', 'size']],
  duckdb_execute_prepared: ['state', ['pointer', 'memory']],
  duckdb_pending_prepared_streaming: ['state', ['pointer', 'memory']],
  duckdb_pending_error: ['text', ['pointer']],
  duckdb_execute_pending: ['state', ['pointer', 'memory']],
  duckdb_destroy_pending: ['void', ['memory']],

  duckdb_error_data_message: ['text', ['pointer']],
  duckdb_destroy_error_data: ['void', ['memory']],

  duckdb_get_type_id: ['int', ['pointer']],
  duckdb_decimal_width: ['int', ['pointer']],
  duckdb_decimal_scale: ['int', ['pointer']],
  duckdb_list_type_child_type: ['pointer', ['pointer']],
  duckdb_array_type_child_type: ['pointer', ['pointer']],
  duckdb_array_type_array_size: ['size', ['pointer']],
  duckdb_map_type_key_type: ['pointer', ['pointer']],
  duckdb_map_type_value_type: ['pointer', ['pointer']],
  duckdb_struct_type_child_count: ['size', ['pointer']],
  duckdb_struct_type_child_name: ['pointer', ['pointer', 'size']],
  duckdb_struct_type_child_type: ['pointer', ['pointer', 'size']],
  duckdb_logical_type_get_alias: ['pointer', ['pointer']],
  duckdb_logical_type_set_alias: ['void', ['pointer', 'text']],
  duckdb_register_logical_type: ['state', ['pointer', 'pointer', 'pointer']],
  duckdb_create_cast_function: ['pointer', []],
  duckdb_cast_function_set_source_type: ['void', ['pointer', 'pointer']],
  duckdb_cast_function_set_target_type: ['void', ['pointer', 'pointer']],
  duckdb_cast_function_set_implicit_cast_cost: ['void', ['pointer', 'int64']],
  duckdb_cast_function_set_function: ['void', ['pointer', 'pointer']],
  duckdb_register_cast_function: ['state', ['pointer', 'pointer']],
  duckdb_destroy_cast_function: ['void', ['memory']],
  duckdb_destroy_logical_type: ['void', ['memory']],
  duckdb_create_logical_type: ['pointer', ['int']],
  duckdb_create_decimal_type: ['pointer', ['int', 'int']],
  duckdb_create_list_type: ['pointer', ['pointer']],
  duckdb_create_array_type: ['pointer', ['pointer', 'size']],
  duckdb_create_map_type: ['pointer', ['pointer', 'pointer']],
  duckdb_create_struct_type: ['pointer', ['memory', 'memory', 'size']],

  duckdb_create_null_value: ['pointer', []],
  duckdb_create_bool: ['pointer', ['bool']],
  duckdb_create_int64: ['pointer', ['int64']],
  duckdb_create_float: ['pointer', ['float']],
  duckdb_create_double: ['pointer', ['double']],
  duckdb_create_varchar_length: ['pointer', ['memory', 'size']],
  duckdb_create_blob: ['pointer', ['memory', 'size']],
  duckdb_create_decimal: ['pointer', ['decimal']],
  duckdb_create_hugeint: ['pointer', ['hugeint']],
  duckdb_create_uuid: ['pointer', ['hugeint']],
  duckdb_create_interval: ['pointer', ['interval']],
  duckdb_create_date: ['pointer', ['int']],
  duckdb_create_time: ['pointer', ['int64']],
  duckdb_create_time_ns: ['pointer', ['int64']],
  duckdb_create_timestamp: ['pointer', ['int64']],
  duckdb_create_timestamp_tz: ['pointer', ['int64']],
  duckdb_create_timestamp_s: ['pointer', ['int64']],
  duckdb_create_timestamp_ms: ['pointer', ['int64']],
  duckdb_create_timestamp_ns: ['pointer', ['int64']],
  duckdb_create_int8: ['pointer', ['int']],
  duckdb_create_int16: ['pointer', ['int']],
  duckdb_create_int32: ['pointer', ['int']],
  duckdb_create_uint8: ['pointer', ['int']],
  duckdb_create_uint16: ['pointer', ['int']],
  duckdb_create_uint32: ['pointer', ['size']],
  duckdb_create_uint64: ['pointer', ['uint64']],
  duckdb_create_list_value: ['pointer', ['pointer', 'memory', 'size']],
  duckdb_create_array_value: ['pointer', ['pointer', 'memory', 'size']],
  duckdb_create_struct_value: ['pointer', ['pointer', 'memory']],
  duckdb_create_map_value: ['pointer', ['pointer', 'memory', 'memory', 'size']],
  duckdb_get_struct_child: ['pointer', ['pointer', 'size']],
  duckdb_destroy_value: ['void', ['memory']],

  duckdb_create_scalar_function: ['pointer', []],
  duckdb_scalar_function_set_name: ['void', ['pointer', 'text']],
  duckdb_scalar_function_add_parameter: ['void', ['pointer', 'pointer']],
  duckdb_scalar_function_set_varargs: ['void', ['pointer', 'pointer']],
  duckdb_scalar_function_set_return_type: ['void', ['pointer', 'pointer']],
  duckdb_scalar_function_set_bind: ['void', ['pointer', 'pointer']],
  duckdb_scalar_function_bind_set_error: ['void', ['pointer', 'text']],
  duckdb_scalar_function_set_error: ['void', ['pointer', 'text']],
  duckdb_scalar_function_set_function: ['void', ['pointer', 'pointer']],
  duckdb_register_scalar_function: ['state', ['pointer', 'pointer']],
  duckdb_destroy_scalar_function: ['void', ['memory']],

  duckdb_schema_from_arrow: ['pointer', ['pointer', 'memory', 'memory']],
  duckdb_data_chunk_from_arrow: ['pointer', ['pointer', 'memory', 'pointer', 'memory']],
  duckdb_destroy_arrow_converted_schema: ['void', ['memory']],
  duckdb_appender_create_ext: ['state', ['pointer', 'text', 'text', 'text', 'memory']],
  duckdb_append_data_chunk: ['state', ['pointer', 'pointer']],
  duckdb_appender_flush: ['state', ['pointer']],
  duckdb_appender_error_data: ['pointer', ['pointer']],
  duckdb_appender_destroy: ['state', ['memory']],
} as const satisfies Record<string, Signature>;

type Signatures = typeof signatures;
type Arguments<S extends readonly NativeType[]> = { -readonly [I in keyof S]: NativeTypes[S[I]] };
type NativeFunction<S extends Signature> = (...args: Arguments<S[1]>) => NativeTypes[S[0]];
type Library = { readonly [N in keyof Signatures]: NativeFunction<Signatures[N]> };

const koffiTypes = {
  void: 'void',
  state: 'int',
  int: 'int',
  double: 'double',
  float: 'float',
  bool: 'bool',
  size: 'uint64',
  int64: 'int64',
  uint64: 'uint64',
  pointer: 'uint64',
  memory: 'void*',
  text: 'const char*',
  result: koffi.struct({ a: 'uint64', b: 'uint64', c: 'uint64', d: 'uint64', e: 'uint64', f: 'uint64' }),
  hugeint: koffi.struct({ lower: 'uint64', upper: 'int64' }),
  decimal: koffi.struct({
    width: 'uint8',
    scale: 'uint8',
    value: koffi.struct({ lower: 'uint64', upper: 'int64' }),
  }),
  progress: koffi.struct({ percentage: 'double', rows: 'uint64', total: 'uint64' }),
  interval: koffi.struct({ months: 'int32', days: 'int32', micros: 'int64' }),
};

interface Native {
  library: Library;
  asynchronous: (name: keyof Signatures) => (...args: unknown[]) => void;
  copy: (target: Pointer, source: Pointer, bytes: number) => void;
  /** A function of the C library by its name. */
  system: (name: string, parameters: ('int' | 'void*')[]) => (...args: unknown[]) => number;
  /** The address of a C function that does nothing to its argument, for `release` callbacks. */
  noOperation: Pointer;
  /** The address of a C function that looks at none of its arguments and gives 2048, whose lowest byte says false. */
  refusal: Pointer;
}

let loaded: Native | undefined;

function native(): Native {
  loaded ??= load();
  return loaded;
}

/**
 * Stack of one native call, in bytes; the most that koffi gives. DuckDB parses and plans by recursion and trusts its limit of nested
 * expressions to hold, which it does on the stack of an ordinary thread; on koffi's default of 128 KiB a nested query ends the process.
 */
const nativeStack = 16 * 2 ** 20;

/** The most that koffi allows. */
const koffiCalls = 4096;

/** Calls at the same time: as many as there are threads for them. Each has its stack from when it is made. */
const mostCalls = Math.min(Number(process.env.UV_THREADPOOL_SIZE) || 4, 1024);

function load(): Native {
  koffi.config({
    ...koffi.config(),
    async_stack_size: nativeStack,
    sync_stack_size: nativeStack,
    max_async_calls: koffiCalls,
  });
  // Memory that is freed is no longer the process's: what its allocator merely kept would count towards the limit of the process.
  process.env.DUCKDB_JE_MALLOC_CONF ??= 'retain:false';
  const handle = koffi.load(locateLibrary());
  const functions: Record<string, ReturnType<typeof handle.func>> = {};
  for (const [name, [result, args]] of Object.entries(signatures) as [string, Signature][]) {
    functions[name] = handle.func(
      name,
      koffiTypes[result],
      args.map((type) => koffiTypes[type]),
    );
  }
  const runtime = koffi.load(null);
  return {
    library: functions as unknown as Library,
    asynchronous: (name) => {
      const found = functions[name];
      if (!found) throw new SkuaError('INTERNAL', `DuckDB has no function ${name}`);
      return found.async;
    },
    system: (name, parameters) => runtime.func(name, 'int', parameters),
    copy: runtime.func('memcpy', 'void', ['uint64', 'uint64', 'uint64']),
    noOperation: Number(handle.symbol('duckdb_library_version')),
    refusal: Number(handle.symbol('duckdb_vector_size')),
  };
}

/** The DuckDB library that the platform package of `@duckdb/node-bindings` ships. Unsupported platform: UNIMPLEMENTED. */
export function locateLibrary(platform: string = process.platform, architecture: string = process.arch): string {
  const file = { linux: 'libduckdb.so', darwin: 'libduckdb.dylib', win32: 'duckdb.dll' }[platform];
  const name = `@duckdb/node-bindings-${platform}-${architecture}`;
  if (file) {
    try {
      const require = createRequire(createRequire(import.meta.url).resolve('@duckdb/node-bindings/package.json'));
      const path = join(dirname(require.resolve(`${name}/package.json`)), file);
      if (existsSync(path)) return path;
    } catch {
      // The sentence below says what is missing.
    }
  }
  throw new SkuaError(
    'UNIMPLEMENTED',
    `the SQL engine has no build for ${platform} on ${architecture} (package ${name} is not installed)`,
  );
}

/** Synchronous calls. */
export function duckdb(): Library {
  return native().library;
}

/** Runs a call on a worker thread. Memory passed in stays referenced until the call has returned. */
export function inBackground<N extends keyof Signatures>(
  name: N,
  ...args: Arguments<Signatures[N][1]>
): Promise<NativeTypes[Signatures[N][0]]> {
  const call = native().asynchronous(name);
  return new Promise((resolve, reject) => {
    const begin = () =>
      call(...(args as unknown[]), (error: unknown, result: NativeTypes[Signatures[N][0]]) => {
        calls--;
        waiting.shift()?.();
        if (error) reject(error);
        else resolve(result);
        // Keeps the arguments alive until here.
        void args;
      });
    const inTurn = () => {
      calls++;
      begin();
    };
    if (calls < mostCalls) inTurn();
    else waiting.push(inTurn);
  });
}

let calls = 0;
const waiting: (() => void)[] = [];

/** `getrlimit` and `setrlimit`: 0 where they succeed. Not on Windows. */
export function resourceLimits() {
  const { system } = native();
  const parameters = ['int', 'void*'] as const;
  return { get: system('getrlimit', [...parameters]), set: system('setrlimit', [...parameters]) };
}

const RLIMIT_CORE = 4;

/** Has the system write no core file of this process, where it has such limits. */
export function noCoreFiles(): void {
  if (process.platform === 'win32') return;
  const limits = new BigUint64Array(2);
  const { get, set } = resourceLimits();
  if (get(RLIMIT_CORE, limits) === 0) set(RLIMIT_CORE, new BigUint64Array([0n, limits[1] ?? 0n]));
}

/** Ends the process with exit code 0, whatever its threads are doing; on Windows with the code of a killed one. */
export function endProcess(): never {
  if (process.platform !== 'win32') native().system('_exit', ['int'])(0);
  process.kill(process.pid, 'SIGKILL');
  throw new SkuaError('INTERNAL', 'the process goes on');
}

/** Copies bytes between addresses. */
export function copyMemory(target: Pointer, source: Pointer, bytes: number): void {
  native().copy(target, source, bytes);
}

export function noOperation(): Pointer {
  return native().noOperation;
}

export function refusal(): Pointer {
  return native().refusal;
}
