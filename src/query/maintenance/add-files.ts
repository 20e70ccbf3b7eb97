/** add_files: Parquet files that others wrote become part of a table, where they are. */
import { SkuaError, toSkuaError } from '../../errors.js';
import {
  applyUpdates,
  currentSchema,
  type DefinitionUpdate,
  defaultPartitionSpec,
  type FileToImport,
  importFile,
  mappingByName,
  nameMapping,
  nameMappingToJson,
  parseValue,
  partitionKey,
  partitionTypes,
} from '../../iceberg/index.js';
import type { DataFile, PartitionField, PartitionValue, TableMetadata, Type } from '../../iceberg/types.js';
import { writeJson } from '../../json.js';
import { inParallel } from '../../parallel.js';
import { normalizeLocation } from '../../storage/index.js';
import { changeTable } from '../committing/commit.js';
import type { Proposal, Propose } from '../committing/contract.js';
import { changedMeanwhile } from '../committing/lost-race.js';
import type { StatementContext } from '../environment.js';
import { Cursor } from '../syntax/cursor.js';
import { displayName } from '../tables/names.js';
import { refuseMaintenance } from '../tables/restricted.js';
import type { PinnedTable } from '../tables/tables.js';
import { authorizeChange, proposal } from '../writing/write.js';
import type { Arguments } from './arguments.js';
import { optional, required } from './parameter.js';
import { asFolder, placesOf } from './places.js';
import { answer, type Procedure } from './procedure.js';
import { allFiles } from './rewrite/planned-files.js';
import { tableToChange } from './target.js';

/** Footers that are read at the same time. */
const AT_A_TIME = 16;

export const addFiles: Procedure = {
  parameters: [
    required('table', 'string'),
    required('source_table', 'string'),
    optional('partition_filter', 'map'),
    optional('check_duplicate_files', 'boolean'),
    optional('parallelism', 'int'),
  ],
  schema: answer({ added_files_count: 'long', changed_partition_count: 'long' }),
  async run(context, given) {
    given.count('parallelism');
    const table = await tableToChange(context, given);
    const source = sourceOf(given);
    refuseElsewhere(context, table, source);
    const found = await filesAt(context, table, source, given);
    await authorizeChange(context, table);
    const { signal } = context.call;
    const imported = await inParallel(found, AT_A_TIME, (file) =>
      importFile(table.storage, table.metadata, file, signal),
    );
    const files = imported.map(({ file }) => file);
    const checksDuplicates = given.boolean('check_duplicate_files') ?? true;
    const needsMapping = imported.some(({ isNamed }) => isNamed) && nameMapping(table.metadata) === undefined;
    await changeTable(context, table, async () => {
      return files.length === 0 ? undefined : adding(table, files, { checksDuplicates, needsMapping });
    });
    const partitions = new Set(files.map(({ partition }) => partitionKey(partition)));
    return [[BigInt(files.length), BigInt(partitions.size)]];
  },
};

/** A folder or a file, of `` `parquet`.`location` `` or the location itself. */
function sourceOf(given: Arguments): string {
  const text = given.required(given.string, 'source_table').trim();
  if (/^[a-z0-9+.-]+:\/|^\//i.test(text)) return withScheme(text);
  const cursor = new Cursor(text);
  const path = cursor.path('a source');
  const [format = '', location] = path;
  if (cursor.ended && path.length === 2 && location !== undefined && /[/:]/.test(location)) {
    if (format.toLowerCase() === 'parquet') return withScheme(location);
    throw new SkuaError('UNIMPLEMENTED', `Files of the format ${format} can't be added; Parquet files can`);
  }
  throw new SkuaError(
    'INVALID_ARGUMENT',
    `The argument source_table is a folder or a file, written '\`parquet\`.\`s3://bucket/folder\`'; '${text}' is none`,
  );
}

/** Other readers take a path without a scheme for one of their own default store. */
function withScheme(location: string): string {
  return location.startsWith('/') ? `file://${location}` : location;
}

/**
 * A caller who may write to one table must not read what lies anywhere else by the server's own keys: files come from the table's own places, or
 * from where the configuration allows it.
 */
function refuseElsewhere({ environment }: StatementContext, { name, metadata }: PinnedTable, source: string): void {
  const allowed = [...placesOf(metadata), ...(environment.importLocations.get(name.catalog) ?? [])];
  const wanted = normalizeLocation(asFolder(source));
  const isBelow = allowed.some((place) => wanted.startsWith(normalizeLocation(asFolder(place))));
  if (isBelow && !wanted.split('/').includes('..')) return;
  throw new SkuaError(
    'PERMISSION_DENIED',
    `Files at '${source}' can't be added to ${displayName(name)}: they are neither below its location, ${metadata.location}, nor where the setting import_locations of catalog ${name.catalog} allows it`,
  );
}

async function filesAt(
  { call }: StatementContext,
  { name, metadata, storage }: PinnedTable,
  source: string,
  given: Arguments,
): Promise<FileToImport[]> {
  const spec = defaultPartitionSpec(metadata);
  const transformed = spec.fields.find(({ transform }) => transform !== 'identity' && transform !== 'void');
  if (transformed) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `Files can't be added to ${displayName(name)}: it is partitioned by ${transformed.transform} (${transformed.name}), which no folder's name tells; partitions by the columns' own values can be`,
    );
  }
  const filter = new Map([...given.map('partition_filter')].map(([key, value]) => [key.toLowerCase(), value]));
  const unknown = [...filter.keys()].find((key) => !spec.fields.some((field) => field.name.toLowerCase() === key));
  if (unknown !== undefined) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `partition_filter names ${unknown}, by which ${displayName(name)} is not partitioned`,
    );
  }
  const types = partitionTypes(metadata, spec);
  const folder = asFolder(source);
  const files: FileToImport[] = [];
  let seen = 0;
  for await (const { location, size } of storage.list(folder)) {
    call.signal.throwIfAborted();
    const path = location.slice(folder.length).split('/');
    const folders = valuesIn(path.slice(0, -1));
    if (path.some((part) => /^[._]/.test(part) && !part.includes('=')) || path.at(-1)?.match(/^[._]/)) continue;
    seen++;
    const values = new Map([...valuesIn(source.split('/')), ...folders]);
    const partition = partitionOf(spec.fields, types, values, location);
    if (!spec.fields.every((field, index) => passes(filter, field, types[index] as Type, partition[index] ?? null)))
      continue;
    if (spec.fields.length === 0 && folders.size > 0) throw inFolders(location, name);
    files.push({ location, size, specId: spec.specId, partition });
  }
  if (seen > 0) return files;
  const size = await sizeOf(storage, source);
  const partition = partitionOf(spec.fields, types, valuesIn(source.split('/')), source);
  return [{ location: source, size, specId: spec.specId, partition }];
}

function inFolders(location: string, name: PinnedTable['name']): SkuaError {
  return new SkuaError(
    'INVALID_ARGUMENT',
    `The folders of ${location} tell values of columns, and ${displayName(name)} is not partitioned by them: they would be lost`,
  );
}

async function sizeOf(storage: PinnedTable['storage'], location: string): Promise<number> {
  try {
    return await storage.size(location);
  } catch (error) {
    const { code, message } = toSkuaError(error);
    throw new SkuaError(code, code === 'NOT_FOUND' ? `There are no files at '${location}'` : message, { cause: error });
  }
}

/** What folders named `column=value` tell, by the column in lower case. */
function valuesIn(folders: readonly string[]): Map<string, string> {
  return new Map(
    folders.flatMap((folder) => {
      const at = folder.indexOf('=');
      return at > 0 ? [[unescaped(folder.slice(0, at)).toLowerCase(), unescaped(folder.slice(at + 1))] as const] : [];
    }),
  );
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What Hive calls the partition of nulls. */
const NULLS = '__HIVE_DEFAULT_PARTITION__';

function partitionOf(
  fields: readonly PartitionField[],
  types: readonly Type[],
  values: ReadonlyMap<string, string>,
  location: string,
): PartitionValue[] {
  return fields.map((field, index) => {
    if (field.transform === 'void') return null;
    const text = values.get(field.name.toLowerCase());
    if (text === undefined) {
      throw new SkuaError(
        'INVALID_ARGUMENT',
        `No folder of ${location} is named ${field.name}=…, by which the table is partitioned`,
      );
    }
    const value = text === NULLS ? null : parseValue(types[index] as Type, text);
    if (value !== undefined) return value;
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `'${text}' in ${location} is no value of the partition field ${field.name}`,
    );
  });
}

function passes(
  filter: ReadonlyMap<string, string>,
  field: PartitionField,
  type: Type,
  value: PartitionValue,
): boolean {
  const wanted = filter.get(field.name.toLowerCase());
  if (wanted === undefined) return true;
  const parsed = wanted === NULLS ? null : parseValue(type, wanted);
  if (parsed !== undefined) return partitionKey([parsed]) === partitionKey([value]);
  throw new SkuaError('INVALID_ARGUMENT', `'${wanted}' is no value of the partition field ${field.name}`);
}

function adding(
  table: PinnedTable,
  files: readonly DataFile[],
  options: { checksDuplicates: boolean; needsMapping: boolean },
): Propose {
  return async (context, state) => {
    refuseMaintenance(state, 'add_files');
    const { metadata } = state;
    const isSame =
      metadata.currentSchemaId === table.metadata.currentSchemaId &&
      metadata.defaultSpecId === table.metadata.defaultSpecId;
    if (!isSame) throw changedMeanwhile(table, state, 'its columns or partitions are others');
    if (options.checksDuplicates) await refuseDuplicates(context, state, files);
    const append = await proposal(context, state, { operation: 'append', added: [...files] });
    return options.needsMapping && nameMapping(metadata) === undefined ? withMapping(append, metadata) : append;
  };
}

async function refuseDuplicates(
  context: StatementContext,
  state: PinnedTable,
  files: readonly DataFile[],
): Promise<void> {
  const there = new Set((await allFiles(context, state)).map(({ file }) => normalizeLocation(file.location)));
  const twice = files.find(({ location }) => there.has(normalizeLocation(location)));
  if (!twice) return;
  throw new SkuaError(
    'ALREADY_EXISTS',
    `${displayName(state.name)} has the file ${twice.location} already; check_duplicate_files => false adds it once more`,
  );
}

/** Readers find the columns of files without field ids by their names then. */
function withMapping(append: Proposal, metadata: TableMetadata): Proposal {
  const mapping = writeJson(nameMappingToJson(mappingByName(currentSchema(metadata).fields)));
  const updates: DefinitionUpdate[] = [
    { action: 'set-properties', updates: { 'schema.name-mapping.default': mapping } },
  ];
  return {
    ...append,
    commit: { ...append.commit, updates: [...append.commit.updates, ...updates] },
    after: applyUpdates(append.after, updates),
  };
}
