/** Commits of another writer than Skua: Parquet files as plain DuckDB writes them, with manifest entries that say next to nothing. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  currentSchema,
  defaultPartitionSpec,
  newDataLocation,
  parseTableMetadata,
  prepareSnapshot,
} from '../../../dist/iceberg/index.js';
import { parseJson, writeJson } from '../../../dist/json.js';
import { openStorage } from '../../../dist/storage/index.js';
import { holds, identifier, isNested, typeSql } from './types.mjs';

export class ForeignWriter {
  #folder = mkdtempSync(join(tmpdir(), 'skua-foreign-'));
  #files = 0;

  /**
   * @param options.connection a connection that may write files
   * @param options.reference the side that knows the rows
   * @param options.catalog `{ uri, token() }`
   * @param options.storage of the warehouse: what `openStorage` takes
   */
  constructor(options) {
    Object.assign(this, options);
    this.storage = openStorage(...options.storage);
  }

  get folder() {
    return this.#folder;
  }

  /** Appends the rows of a query as one file without statistics; false where the table is not one for that. */
  async append(table, sql) {
    const { metadata, schema } = await this.#load(table.name);
    if (defaultPartitionSpec(metadata).fields.length > 0) return false;
    const isOdd = (type) => type.kind === 'variant' || (isNested(type) && holds(type, isZonedNanoseconds));
    if (table.columns.some(({ type }) => isOdd(type))) return false;
    const columns = table.random.shuffled(table.columns.filter(({ type }) => type.kind !== 'unknown'));
    const file = await this.#write(table.random, schema, columns, sql);
    await this.#commit(metadata, { operation: 'append', added: [{ content: 'data', ...file }] });
    return true;
  }

  /** Adds an equality delete file for the rows of a query over the plain tables; false where the table is not one for that. */
  async deleteByEquality(table, columns, sql) {
    const { metadata, schema } = await this.#load(table.name);
    // Such a delete is of one partition, unless nothing is partitioned.
    if (metadata.partitionSpecs.some(({ fields }) => fields.length > 0)) return false;
    if (columns.length === 0 || metadata.currentSnapshotId === undefined) return false;
    const texts = columns.map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`).join(', ');
    const { rows } = await this.reference.query(`SELECT ${texts} FROM (${sql})`);
    if (rows.length === 0) return false;
    const literal = (text, index) =>
      `CAST(${text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`} AS ${sourceType(columns[index].type)})`;
    const values = rows.map((row) => `(${row.map(literal).join(', ')})`).join(', ');
    const names = columns.map(({ name }) => identifier(name)).join(', ');
    const file = await this.#write(table.random, schema, columns, `SELECT * FROM (VALUES ${values}) AS v(${names})`);
    const equalityIds = columns.map(({ name }) => schema.fields.find((field) => field.name === name).id);
    const deletes = { content: 'equality-deletes', equalityIds, ...file };
    await this.#commit(metadata, { operation: 'delete', added: [], addedDeletes: [deletes] });
    return true;
  }

  async #load(name) {
    const answer = await this.#fetch(name);
    const metadata = parseTableMetadata(parseJson(await answer.text()).metadata, name);
    return { metadata, schema: currentSchema(metadata), name };
  }

  async #write(random, schema, columns, sql) {
    const path = join(this.#folder, `${this.#files++}.parquet`);
    const ids = columns.map(({ name }) => {
      const field = schema.fields.find((other) => other.name === name);
      return `'${name}': ${idsOf(field.id, field.type)}`;
    });
    const items = columns.map(({ name, type }) => `${storedAs(identifier(name), type)} AS ${identifier(name)}`);
    const options = [
      'FORMAT parquet',
      `COMPRESSION ${random.pick(['zstd', 'snappy', 'gzip', 'uncompressed'])}`,
      `PARQUET_VERSION ${random.pick(['V1', 'V2'])}`,
      `FIELD_IDS {${ids.join(', ')}}`,
    ];
    await this.connection.execute(
      `COPY (SELECT ${items.join(', ')} FROM (${sql})) TO '${path}' (${options.join(', ')})`,
    );
    const [[count]] = await this.connection.rows(`SELECT count(*) FROM read_parquet('${path}')`);
    return { path, bytes: readFileSync(path), recordCount: Number(count) };
  }

  async #commit(metadata, change) {
    const spec = defaultPartitionSpec(metadata);
    const place = async ({ path, bytes, ...file }) => {
      const location = newDataLocation(metadata, spec, []);
      await this.storage.write(location, bytes);
      return { location, format: 'parquet', specId: spec.specId, partition: [], fileSize: bytes.length, ...file };
    };
    const added = await Promise.all(change.added.map(place));
    const addedDeletes = await Promise.all((change.addedDeletes ?? []).map(place));
    const { requirements, updates } = await prepareSnapshot(
      metadata,
      { ...change, added, addedDeletes, summary: {} },
      this.storage,
    );
    await this.#fetch(this.#name(metadata), { requirements, updates });
  }

  #name({ location }) {
    return location.replace(/\/$/, '').split('/').at(-1);
  }

  async #fetch(name, body) {
    const { uri, token } = this.catalog;
    const answer = await fetch(`${uri}/v1/quickstart/namespaces/demo/tables/${name}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      ...(body && { body: writeJson(body) }),
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

/** The value of FIELD_IDS for a field. */
function idsOf(id, type) {
  const children = {
    struct: () => type.fields.map((field) => [field.name, field.id, field.type]),
    list: () => [['element', type.elementId, type.element]],
    map: () => [
      ['key', type.keyId, type.key],
      ['value', type.valueId, type.value],
    ],
  }[type.kind]?.();
  if (!children) return String(id);
  const inner = children.map(([name, childId, childType]) => `'${name}': ${idsOf(childId, childType)}`);
  return `{'__duckdb_field_id': ${id}, ${inner.join(', ')}}`;
}

/** Parquet has no type for zoned nanoseconds; their time in UTC is what Iceberg stores. */
function sourceType(type) {
  return isZonedNanoseconds(type) ? 'TIMESTAMP_NS' : typeSql(type);
}

function storedAs(value, type) {
  return isZonedNanoseconds(type) ? `CAST(CAST(${value} AS VARCHAR) AS TIMESTAMP_NS)` : value;
}

function isZonedNanoseconds({ kind }) {
  return kind === 'timestamptz_ns';
}
