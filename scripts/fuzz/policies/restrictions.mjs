/** Random restrictions of a table (`read-restrictions`), and what is seen of it under them. */
import { masked, NoValue, randomMasks } from './masks.mjs';
import { RandomFilters } from './predicates.mjs';
import { placesIn, valueAt } from './schema.mjs';

/**
 * `{ json, masks, filter, filterIds }`. `table`: `{ metadata, fields, rows }`, the rows as values. Without `isSalted` no mask is one whose result nobody
 * can foretell.
 */
export function randomRestrictions(random, { metadata, fields, rows }, { isSalted = true } = {}) {
  const places = placesIn(fields);
  const filters = new RandomFilters(random, { places, rows, version: metadata['format-version'] });
  const filter = random.chance(0.85) ? filters.filter() : undefined;
  const masks = randomMasks(random, places, isSalted ? [] : ['sha-256-query-local']);
  const projections = [...masks].map(([id, action]) => `{"field-id":${id},"action":"${action}"}`);
  const parts = [];
  if (filter) parts.push(`"required-row-filter":${filter.json}`);
  if (projections.length > 0 || random.chance(0.2))
    parts.push(`"required-column-projections":[${projections.join(',')}]`);
  const filterIds = [...(filter?.json.matchAll(/"id":(\d+)/g) ?? [])].map(([, id]) => Number(id));
  return { json: `{${random.shuffled(parts).join(',')}}`, masks, filter, filterIds };
}

/** Rows as they are seen, undefined where a mask has no result for one of them. */
export function seen({ filter, masks }, fields, rows) {
  const paths = new Map(placesIn(fields).map(({ field, path }) => [field.id, path]));
  try {
    return rows
      .filter((row) => filter?.keeps((id) => valueAt(row, paths.get(id))) ?? true)
      .map((row) => row.map((value, index) => masked(masks, fields[index], value)));
  } catch (error) {
    if (error instanceof NoValue) return undefined;
    throw error;
  }
}

/**
 * Whether a state whose fields are `then` can be read: the fields of the filter are all in it. Undefined where one of them was of another type, which constants
 * of the filter may not go with.
 */
export function isReadable({ filterIds }, now, then) {
  const typesOf = (fields) => new Map(placesIn(fields).map(({ field }) => [field.id, field.type.text]));
  const [types, earlier] = [typesOf(now), typesOf(then)];
  if (!filterIds.every((id) => earlier.has(id))) return false;
  return filterIds.every((id) => types.get(id) === earlier.get(id)) || undefined;
}

/**
 * Restrictions that can't be followed, each in one way: what follows the specification is mixed with one part that does not. Undefined where the table
 * has nothing to make such a part of.
 */
export function impossibleRestrictions(random, table) {
  const sound = randomRestrictions(random, table);
  const places = placesIn(table.fields);
  const place = random.pick(places);
  const { id, type, optional } = place.field;
  const reference = (of = id) => `{"type":"reference","id":${of}}`;
  const filter = (json) => {
    const other = sound.filter?.json ?? 'true';
    const around = random.pick([
      json,
      `{"type":"not","child":${json}}`,
      `{"type":"and","left":${other},"right":${json}}`,
      `{"type":"or","left":true,"right":${json}}`,
    ]);
    return `{"required-row-filter":${around}}`;
  };
  const mask = (...entries) =>
    `{"required-column-projections":[${entries.map(([of, action]) => `{"action":"${action}","field-id":${of}}`).join(',')}]}`;
  const isNested = ['struct', 'list', 'map', 'variant', 'unknown', 'geometry', 'geography'].includes(type.kind);
  const absent = Math.max(...places.map((one) => one.field.id), table.metadata['last-column-id']) + 1;
  const ways = [
    () => filter(`{"type":"is-null","child":${reference(absent)}}`),
    () => filter(`{"type":"is-null","child":{"type":"reference","name":"id"}}`),
    () => filter(`{"type":"is-null","term":"id"}`),
    () => filter(`{"type":"is-null","child":${reference()},"note":1}`),
    () => filter(`{"type":"is-null"}`),
    () => filter(`{"type":"between","child":${reference()}}`),
    () => filter(`{"type":"eq","left":${reference()},"right":null}`),
    () => filter(`{"type":"eq","left":1,"right":1}`),
    () => filter(`{"type":"eq","left":{"type":"apply","function":"lower","arguments":[${reference()}]},"right":"a"}`),
    () => filter(`{"type":"eq","left":{"type":"transform","transform":"day","term":"id"},"right":1}`),
    () => filter(`{"type":"in","child":${reference()},"values":[null]}`),
    () => filter(`{"type":"in","child":${reference()},"values":{"type":"literals"}}`),
    () => filter(`{"type":"and","left":true}`),
    () => filter('"true"'),
    () => filter('[]'),
    () => filter('1'),
    () => `{"required-row-filter":true,"required-something":true}`,
    () => '[]',
    () => '"none"',
    () => mask([id, 'mask-to-default']),
    () => mask([absent, 'apply-expression']),
    () => mask([id, 'mask-to-fixed-value'], [id, 'mask-to-fixed-value']),
    () => `{"required-column-projections":[{"action":"mask-to-fixed-value"}]}`,
    () => `{"required-column-projections":[{"action":"mask-to-fixed-value","field-id":"${id}"}]}`,
    () => `{"required-column-projections":[{"action":"mask-to-fixed-value","field-id":${id},"value":"*"}]}`,
    () => `{"required-column-projections":{}}`,
  ];
  if (isNested) ways.push(() => filter(`{"type":"eq","left":${reference()},"right":"a"}`));
  if (place.isRepeated) ways.push(() => filter(`{"type":"not-null","child":${reference()}}`));
  if (place.isKey) ways.push(() => mask([id, 'mask-to-fixed-value']));
  if (!optional && !place.isKey) ways.push(() => mask([id, 'replace-with-null']));
  if (place.around.length > 0)
    ways.push(() => mask([random.pick(place.around), 'replace-with-null'], [id, 'replace-with-null']));
  if (!['string', 'int', 'long', 'binary'].includes(type.kind)) ways.push(() => mask([id, 'sha-256-global']));
  if (type.kind !== 'string') {
    ways.push(() => mask([id, 'show-last-4']));
    ways.push(() => filter(`{"type":"starts-with","left":${reference()},"right":"a"}`));
  }
  if (!['float', 'double'].includes(type.kind)) ways.push(() => filter(`{"type":"is-nan","child":${reference()}}`));
  if (['int', 'long', 'decimal', 'date'].includes(type.kind)) {
    ways.push(() => filter(`{"type":"eq","left":${reference()},"right":true}`));
    ways.push(() => filter(`{"type":"lt","left":${reference()},"right":"5 "}`));
  }
  return random.pick(ways)();
}
