/**
 * What others write and the server decodes by itself, harmed: it is read as something sound or refused with a status that says whose fault it is, soon,
 * and without a crash. The sound ones are the kept tables that other engines wrote.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkuaError } from '../../dist/errors.js';
import { parseTableMetadata, planScan, tableColumns } from '../../dist/iceberg/index.js';
import { parseJson, writeJson } from '../../dist/json.js';
import { neededRanges, parseFooter, spansOfColumn } from '../../dist/parquet/index.js';
import { harmBytes, harmJson, pick } from './mutation.mjs';

const prefix = 's3://fixtures/';
const fixtures = join(dirname(fileURLToPath(import.meta.url)), '../../test/fixtures');
const warehouse = join(fixtures, 'warehouse');

/** Statuses of an object that is damaged, or asks for what there is not. */
const honest = new Set([
  'DATA_LOSS',
  'UNIMPLEMENTED',
  'NOT_FOUND',
  'OUT_OF_RANGE',
  'INVALID_ARGUMENT',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
]);
/** CPU time that one of them may take, in milliseconds. */
const patience = 2_000;

const pathOf = (location) => join(warehouse, location.slice(prefix.length));

/** The kept files, except what `harm` makes of one of them. */
function storage(harm) {
  return {
    async read(location, range) {
      if (!location.startsWith(prefix) || location.split('/').includes('..')) {
        throw new SkuaError('NOT_FOUND', `${location} is not there`);
      }
      let bytes;
      try {
        bytes = readFileSync(pathOf(location));
      } catch {
        throw new SkuaError('NOT_FOUND', `${location} is not there`);
      }
      bytes = harm(location, bytes);
      return range ? bytes.subarray(range.offset, range.offset + range.length) : bytes;
    },
    async size(location) {
      return (await this.read(location)).length;
    },
  };
}

function metadataFiles() {
  const { tables } = JSON.parse(readFileSync(join(fixtures, 'catalog.json'), 'utf8'));
  return tables
    .filter(({ kind, metadataLocation }) => kind === 'table' && metadataLocation.endsWith('.json'))
    .map(({ metadataLocation }) => readFileSync(pathOf(metadataLocation), 'utf8'))
    .filter((text) => text.startsWith('{'));
}

const files = (ending) =>
  readdirSync(warehouse, { recursive: true })
    .map((path) => join(warehouse, String(path)))
    .filter((path) => path.endsWith(ending));

/** All that is asked of a table before its rows are. */
async function plan(metadata, harm) {
  const schema = metadata.schemas.find(({ schemaId }) => schemaId === metadata.currentSchemaId);
  if (schema) tableColumns(schema);
  const found = await planScan({ metadata, snapshotId: undefined, schema: undefined, storage: storage(harm) });
  return found.tasks.length;
}

/** The same for each decoder: `prepare` gives what `once` harms and decodes. */
function decoder(description, prepare, once) {
  return {
    description,
    usualCount: 100_000,
    standsAlone: true,
    async run({ count, randomFrom, seed, log }) {
      const sound = prepare();
      const wrong = [];
      let refused = 0;
      for (let number = 0; number < count; number++) {
        const random = randomFrom(`${seed} ${number}`);
        const started = process.cpuUsage();
        try {
          await once(random, sound);
        } catch (error) {
          refused++;
          if (!(error instanceof SkuaError) || !honest.has(error.code)) {
            wrong.push(`number ${number}: ${error?.stack ?? error}`.slice(0, 600));
          }
        }
        const { user, system } = process.cpuUsage(started);
        if (user + system > patience * 1000) wrong.push(`number ${number} took ${(user + system) / 1e6} s`);
        if (wrong.length >= 20) break;
        if (number % 10_000 === 9_999) log(`${number + 1} of ${count}, ${refused} refused`);
      }
      log(`${refused} were refused`);
      return wrong;
    },
  };
}

export const metadata = decoder('table metadata, harmed and planned', metadataFiles, async (random, sound) => {
  const json = harmJson(random, JSON.parse(pick(random, sound)));
  const parsed = parseTableMetadata(parseJson(writeJson(json)));
  await plan(parsed, (_, bytes) => bytes);
});

export const avro = decoder(
  'manifest lists and manifests, harmed and planned',
  metadataFiles,
  async (random, sound) => {
    const parsed = parseTableMetadata(parseJson(pick(random, sound)));
    const list = random() < 0.5;
    const harms = new Map();
    await plan(parsed, (location, bytes) => {
      const isList = /\/snap-[^/]*\.avro$/.test(location);
      if (!location.endsWith('.avro') || isList !== list) return bytes;
      const known = harms.get(location) ?? harmBytes(random, bytes);
      harms.set(location, known);
      return known;
    });
  },
);

export const parquet = decoder(
  'footers of Parquet files, harmed, with what is derived from them',
  () => files('.parquet').map((path) => readFileSync(path)),
  async (random, sound) => {
    const whole = pick(random, sound);
    const tail = Math.min(whole.length, 8 + whole.readUInt32LE(whole.length - 8));
    const bytes = Buffer.concat([
      whole.subarray(0, whole.length - tail),
      harmBytes(random, whole.subarray(whole.length - tail, whole.length - 8)),
      Buffer.alloc(8),
    ]);
    bytes.writeUInt32LE(random() < 0.9 ? tail - 8 : Math.floor(random() * 2 ** 31), bytes.length - 8);
    bytes.write('PAR1', bytes.length - 4);
    const footer = parseFooter(bytes, 'file', bytes.length);
    const names = [...new Set(footer.rowGroups.flatMap(({ chunks }) => chunks.map(({ leaf }) => leaf.path[0])))];
    for (const { offset, length } of neededRanges(footer, names, bytes.length)) {
      if (!(offset >= 0 && length >= 0)) throw new Error(`a range of ${length} bytes at ${offset}`);
    }
    for (const name of names) spansOfColumn(footer, name);
  },
);
