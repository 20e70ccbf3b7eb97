/**
 * Random row filters and column masks of random values, without any table: what the engine makes of them is what the specification says, and no file that holds
 * a row to keep is left out, by its partition or by its statistics.
 */

import { behindBarrier } from '../../dist/engine/duckdb/process/scans/barrier.js';
import { sqlTypeOf } from '../../dist/engine/duckdb/process/types/sql-type.js';
import { bindRestrictions, parseRestrictions } from '../../dist/governance/index.js';
import { tableColumns } from '../../dist/iceberg/index.js';
import { mayMatchPartition, mayMatchStatistics } from '../../dist/iceberg/plan/evaluate.js';
import { bindFilter } from '../../dist/iceberg/plan/predicate.js';
import { projectPredicate } from '../../dist/iceberg/plan/projection.js';
import { parseSchema } from '../../dist/iceberg/schema.js';
import { takesSource } from '../../dist/iceberg/transforms/source-types.js';
import { applyTransform, parseTransform } from '../../dist/iceberg/transforms/transform.js';
import { encodeValue } from '../../dist/iceberg/values/single-value.js';
import { parseJson } from '../../dist/json.js';
import { rowsProblem } from './policies/compare.mjs';
import { order } from './policies/predicates.mjs';
import { impossibleRestrictions, randomRestrictions, seen } from './policies/restrictions.mjs';
import { fieldsAt } from './policies/schema.mjs';
import { rowOf } from './policies/values.mjs';
import { Random } from './sql/random.mjs';
import { RowSource } from './sql/rows.mjs';
import { field, identifier, isNested, randomType, typeSql } from './sql/types.mjs';
import { prepare as prepareReference } from './sql.mjs';

export const description = 'random row filters and column masks of random values, compared with the specification';
export const usualCount = 5000;
export const prepare = prepareReference;

const rulesOfEach = 25;
const TRANSFORMS = ['identity', 'bucket[3]', 'truncate[2]', 'year', 'month', 'day', 'hour'];
const names = ['a', 'B', 'c d', 'select', '\u00e9t\u00e9', 'x', 'xx', "q'"];

export async function run({
  count,
  seed: given,
  randomFrom,
  log,
  prepared: {
    references: [reference],
    close,
  },
}) {
  // `seed@5` begins with the values of round 5.
  const [, seed, first = '0'] = /^(.*?)(?:@(\d+))?$/.exec(given);
  const wrong = [];
  let done = 0;
  for (let round = Number(first); done < count && wrong.length < 20; round++) {
    const random = new Random(randomFrom(`${seed}.${round}`));
    const values = await randomValues(random, reference);
    for (let left = rulesOfEach; left > 0 && done < count; left--, done++) {
      const isImpossible = random.chance(0.15);
      const rules = isImpossible
        ? { json: impossibleRestrictions(random, values) }
        : randomRestrictions(random, values);
      const problem = isImpossible
        ? refusalProblem(rules.json, values)
        : await problemOf(random, rules, values, reference);
      if (problem === undefined) continue;
      const told = `${problem}\n  under: ${rules.json}\n  of: ${JSON.stringify(values.schema)}\n  again: npm run fuzz -- rules ${rulesOfEach} ${seed}@${round}`;
      wrong.push(told);
      log(`${done}: ${told}`);
    }
  }
  await close();
  return wrong;
}

/** A table `r` of the reference, and what is in it: `{ metadata, schema, fields, rows }`. */
async function randomValues(random, reference) {
  const version = random.pick([2, 3]);
  const columns = names
    .slice(0, random.between(1, names.length))
    .map((name) => field(name, randomType(random, version)));
  const schema = schemaOf(random, columns);
  const metadata = { 'format-version': version, 'current-schema-id': 0, schemas: [schema], 'last-column-id': 1000 };
  const fields = fieldsAt(metadata, undefined);
  const source = new RowSource(random);
  const cell = (column) => `CAST(${source.value(column)} AS ${typeSql(column.type)})`;
  const rows = Array.from({ length: random.between(1, 24) }, () => `(${columns.map(cell).join(', ')})`);
  const listed = columns.map(({ name }) => identifier(name)).join(', ');
  await reference.update(`CREATE OR REPLACE TABLE r AS SELECT * FROM (VALUES ${rows.join(', ')}) AS v(${listed})`);
  const found = await reference.query(`SELECT ${typed(columnsOf(schema))} FROM r`);
  return { metadata, schema, fields, rows: found.rows.map((row) => rowOf(fields, row)) };
}

function schemaOf(random, columns) {
  let id = 0;
  const primitive = (type) => {
    if (type.kind === 'decimal') return `decimal(${type.precision}, ${type.scale})`;
    return type.kind === 'fixed' ? `fixed[${type.width}]` : type.kind;
  };
  const typeJson = (type) => {
    if (type.kind === 'struct') return { type: 'struct', fields: type.fields.map((child) => fieldJson(child, false)) };
    if (type.kind === 'list') {
      return { type: 'list', 'element-id': ++id, element: typeJson(type.element.type), 'element-required': false };
    }
    if (type.kind !== 'map') return primitive(type);
    const [key, value] = [++id, ++id];
    const parts = { key: typeJson(type.entryKey.type), value: typeJson(type.value.type) };
    return { type: 'map', 'key-id': key, 'value-id': value, 'value-required': false, ...parts };
  };
  const fieldJson = ({ name, type }, required) => ({ id: ++id, name, required, type: typeJson(type) });
  return { type: 'struct', 'schema-id': 0, fields: columns.map((column) => fieldJson(column, random.chance(0.1))) };
}

function refusalProblem(json, values) {
  try {
    const restrictions = parseRestrictions(parseJson(json));
    if (restrictions) bound(restrictions, values);
    return 'not refused';
  } catch (error) {
    return error.constructor.name === 'RuleViolation' ? undefined : `${error}`;
  }
}

function bound(restrictions, { metadata, schema }) {
  const options = { formatVersion: metadata['format-version'], salt: () => '000102030405060708090a0b0c0d0e0f' };
  return bindRestrictions(restrictions, parseSchema(parseJson(JSON.stringify(schema))), options);
}

async function problemOf(random, rules, values, reference) {
  const { schema, fields, rows } = values;
  const restrictions = parseRestrictions(parseJson(rules.json));
  if (!restrictions)
    return rules.masks.size > 0 || seen(rules, fields, rows).length < rows.length ? 'not restricted' : undefined;
  let barrier;
  try {
    barrier = bound(restrictions, values);
  } catch (error) {
    return `${error}`;
  }
  const columns = columnsOf(schema);
  const asked = behindBarrier({ barrier, columns }, `SELECT ${typed(columns)} FROM r`);
  const found = await reference.query(asked).catch((error) => ({ error }));
  return rowsProblem(fields, found, seen(rules, fields, rows)) ?? pruningProblem(random, barrier.filter, rules, values);
}

const columnsOf = (schema) => tableColumns(parseSchema(parseJson(JSON.stringify(schema))));

const typed = (columns) =>
  columns
    .map(({ field }) => `CAST(${identifier(field.name)} AS ${sqlTypeOf(field)}) AS ${identifier(field.name)}`)
    .join(', ');

/** Files of some of the rows each, of which those that hold a row to keep are not left out. */
function pruningProblem(random, filter, rules, { schema, fields, rows }) {
  if (!filter) return undefined;
  const parsed = parseSchema(parseJson(JSON.stringify(schema)));
  const predicate = bindFilter(filter, parsed);
  for (const part of [...rows.map((row) => [row]), ...Array.from({ length: 6 }, () => random.some(rows, 0.3))]) {
    const isWanted = part.length > 0 && seen({ filter: rules.filter, masks: new Map() }, fields, part).length > 0;
    if (!isWanted) continue;
    if (!mayMatchStatistics(predicate, fileOf(random, parsed, part), []))
      return `left out by statistics: ${JSON.stringify(part, written)}`;
    if (part.length > 1) continue;
    for (const transform of TRANSFORMS) {
      const file = { partition: [], content: 'data' };
      const partitionFields = parsed.fields.flatMap(({ id, type }, index) => {
        if (isNested(type) || !takesSource(transform, type)) return [];
        const value = part[0][index];
        file.partition.push(
          value === null ? null : applyTransform(parseTransform(transform), type, asStored(type, value)),
        );
        return [{ fieldId: 1000 + id, sourceIds: [id], name: `p${id}`, transform }];
      });
      if (mayMatchPartition(projectPredicate(predicate, partitionFields), file, partitionFields)) continue;
      return `left out by ${transform}: ${JSON.stringify(part, written)}`;
    }
  }
  return undefined;
}

const written = (_, value) => (typeof value === 'bigint' ? `${value}n` : Number.isNaN(value) ? 'NaN' : value);

function asStored(type, value) {
  const isSmall = type.kind === 'primitive' && (type.type === 'int' || type.type === 'date');
  return isSmall ? Number(value) : value;
}

/** Counts and bounds as writers leave them, some of them cut. */
function fileOf(random, { fields }, rows) {
  const file = {
    content: 'data',
    recordCount: rows.length,
    nullCounts: new Map(),
    nanCounts: new Map(),
    lowerBounds: new Map(),
    upperBounds: new Map(),
  };
  for (const [index, { id, type }] of fields.entries()) {
    if (!['primitive', 'decimal', 'fixed'].includes(type.kind) || ['variant', 'unknown'].includes(type.type)) continue;
    const values = rows.map((row) => row[index]);
    const present = values.filter((value) => value !== null && !Number.isNaN(value)).sort(order);
    file.nullCounts.set(id, values.filter((value) => value === null).length);
    if (['float', 'double'].includes(type.type)) file.nanCounts.set(id, values.filter(Number.isNaN).length);
    if (present.length === 0 || random.chance(0.1)) continue;
    const [low, high] = [present[0], present.at(-1)].map((value) => encodeValue(type, asStored(type, value)));
    const isCut = ['string', 'binary'].includes(type.type) && random.chance(0.5);
    file.lowerBounds.set(id, isCut ? cut(type, low) : low);
    file.upperBounds.set(id, isCut ? cut(type, high) : high);
  }
  return file;
}

function cut(type, bytes) {
  if (type.type === 'binary') return bytes.subarray(0, 16);
  return Buffer.from(Array.from(Buffer.from(bytes).toString()).slice(0, 16).join(''));
}
