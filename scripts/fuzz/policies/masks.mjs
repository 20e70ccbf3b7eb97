/** What the nine actions make of values (Iceberg REST specification, `required-column-projections`), and random choices of them. */
import { createHash } from 'node:crypto';

/** Stands for every hash with a salt, which nobody can foretell. */
export const SALTED = Symbol('salted');
/** A value that an action has no result for: the statement fails. */
export class NoValue extends Error {}

const MOMENTS = ['timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'];
const HASHED = ['string', 'int', 'long', 'binary'];
const TYPES_OF = {
  'mask-alphanum': ['string'],
  'show-first-4': ['string'],
  'show-last-4': ['string'],
  'truncate-to-year': ['date', ...MOMENTS],
  'truncate-to-month': ['date', ...MOMENTS],
  'sha-256-global': HASHED,
  'sha-256-query-local': HASHED,
};
export const ACTIONS = [...Object.keys(TYPES_OF), 'replace-with-null', 'mask-to-fixed-value'];

/** Whether an action goes with a field. */
export function fits(action, { type, optional }) {
  if (action === 'replace-with-null') return optional;
  if (action === 'mask-to-fixed-value') return hasFixedValue(type);
  return TYPES_OF[action].includes(type.kind);
}

function hasFixedValue(type) {
  if (type.kind === 'struct') return type.fields.every((field) => hasFixedValue(field.type));
  return !['unknown', 'geometry', 'geography'].includes(type.kind);
}

/** A value under the masks, which are actions by field id. */
export function masked(masks, { id, type }, value) {
  const action = masks.get(id);
  if (action !== undefined) return applied(action, type, value);
  if (value === null) return null;
  switch (type.kind) {
    case 'struct':
      return type.fields.map((field, index) => masked(masks, field, value[index]));
    case 'list':
      return value.map((item) => masked(masks, type.element, item));
    case 'map':
      return value.map(([key, item]) => [key, masked(masks, type.value, item)]);
    default:
      return value;
  }
}

function applied(action, type, value) {
  if (action === 'replace-with-null') return null;
  if (action === 'mask-to-fixed-value') return fixedValue(type);
  if (value === null) return null;
  switch (action) {
    case 'mask-alphanum':
      return outline(Array.from(value));
    case 'show-first-4': {
      const points = Array.from(value);
      return points.length <= 4 ? value : points.slice(0, 4).join('') + outline(points.slice(4));
    }
    case 'show-last-4': {
      const points = Array.from(value);
      return points.length <= 4 ? value : outline(points.slice(0, -4)) + points.slice(-4).join('');
    }
    case 'truncate-to-year':
    case 'truncate-to-month':
      return truncated(action, type, value);
    case 'sha-256-global':
      return hashed(type, value);
    default:
      return SALTED;
  }
}

function outline(points) {
  return points
    .map((point) => {
      if (point.length === 1 && point >= '0' && point <= '9') return 'n';
      return '(),.-@'.includes(point) ? point : 'x';
    })
    .join('');
}

function fixedValue(type) {
  switch (type.kind) {
    case 'boolean':
      return false;
    case 'float':
    case 'double':
      return 0;
    case 'string':
      return 'XXXXXXXX';
    case 'uuid':
      return Buffer.alloc(16);
    case 'fixed':
      return Buffer.alloc(type.width);
    case 'binary':
      return Buffer.alloc(0);
    case 'list':
    case 'map':
      return [];
    case 'struct':
      return type.fields.map((field) => fixedValue(field.type));
    case 'variant':
      return '{}';
    default:
      return 0n;
  }
}

const DAY = 86_400n;
const SECOND = {
  timestamp: 1_000_000n,
  timestamptz: 1_000_000n,
  timestamp_ns: 1_000_000_000n,
  timestamptz_ns: 1_000_000_000n,
};

function truncated(action, type, value) {
  const isDate = type.kind === 'date';
  const unit = isDate ? 1n : DAY * SECOND[type.kind];
  const days = floor(value, unit);
  const { year, month } = civil(days);
  const first = daysFrom(year, action === 'truncate-to-year' ? 1n : month, 1n) * unit;
  if (first < EARLIEST[type.kind]) throw new NoValue();
  return first;
}

/** What 64 bits of nanoseconds reach, and else what the engine does. */
const EARLIEST = {
  date: -2_147_483_646n,
  timestamp: -9_223_372_022_400_000_000n,
  timestamptz: -9_223_372_022_400_000_000n,
  timestamp_ns: -(1n << 63n),
  timestamptz_ns: -(1n << 63n),
};

const floor = (value, unit) => (value - (((value % unit) + unit) % unit)) / unit;

/** Days since 1970-01-01 of a day of the proleptic Gregorian calendar, by eras of 400 years that begin in March. */
export function daysFrom(year, month, day) {
  const y = month <= 2n ? year - 1n : year;
  const era = floor(y, 400n);
  const ofEra = y - era * 400n;
  const ofYear = (153n * (month + (month > 2n ? -3n : 9n)) + 2n) / 5n + day - 1n;
  return era * 146_097n + ofEra * 365n + ofEra / 4n - ofEra / 100n + ofYear - 719_468n;
}

/** Year, month and day of a number of days since 1970-01-01. */
export function civil(days) {
  const shifted = days + 719_468n;
  const era = floor(shifted, 146_097n);
  const ofEra = shifted - era * 146_097n;
  const yearOfEra = (ofEra - ofEra / 1_460n + ofEra / 36_524n - ofEra / 146_096n) / 365n;
  const ofYear = ofEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const part = (5n * ofYear + 2n) / 153n;
  const month = part < 10n ? part + 3n : part - 9n;
  return { year: yearOfEra + era * 400n + (month <= 2n ? 1n : 0n), month, day: ofYear - (153n * part + 2n) / 5n + 1n };
}

function hashed({ kind }, value) {
  if (kind === 'string') return digest(Buffer.from(value)).toString('hex');
  if (kind === 'binary') return digest(value);
  const bytes = Buffer.alloc(kind === 'int' ? 4 : 8);
  if (kind === 'int') {
    bytes.writeInt32LE(Number(value));
    return BigInt(digest(bytes).readInt32LE());
  }
  bytes.writeBigInt64LE(value);
  return digest(bytes).readBigInt64LE();
}

const digest = (bytes) => createHash('sha256').update(bytes).digest();

/** Random actions by field id, of fields that don't lie in each other. `without`: actions that are not chosen. */
export function randomMasks(random, places, without = []) {
  const masks = new Map();
  const most = random.pick([0, 1, 1, 2, 3, 6]);
  for (const { field, around, isKey } of random.shuffled(places)) {
    if (masks.size >= most) break;
    const meets =
      around.some((id) => masks.has(id)) ||
      places.some((other) => masks.has(other.field.id) && other.around.includes(field.id));
    if (isKey || meets) continue;
    const isNumber = field.name === 'id' && around.length === 0 && random.chance(0.7);
    const actions = ACTIONS.filter((action) => {
      return !without.includes(action) && fits(action, field) && (!isNumber || action === 'sha-256-global');
    });
    if (actions.length > 0) masks.set(field.id, random.pick(actions));
  }
  return masks;
}
