/** Random row filters (Iceberg expressions specification), as JSON text with the numbers as they were written, and what they come to for a row. */
import { RandomConstants } from './constants.mjs';
import { valueAt } from './schema.mjs';

const FLOATING = ['float', 'double'];
const COMPARABLE = [
  ...['boolean', 'int', 'long', ...FLOATING, 'decimal', 'date', 'time', 'timestamp', 'timestamptz', 'timestamp_ns'],
  ...['timestamptz_ns', 'string', 'uuid', 'fixed', 'binary'],
];

/** An order below zero, zero or above; undefined where there is none, as of NaN. */
export function order(left, right) {
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (Buffer.isBuffer(left)) return Buffer.compare(left, right);
  if (Number.isNaN(left) || Number.isNaN(right)) return undefined;
  return left < right ? -1 : left > right ? 1 : 0;
}

const isNan = (value) => Number.isNaN(value);

/** Null is equal to null alone, NaN to NaN alone; nothing is less or greater than either. */
function compared(op, left, right) {
  const same =
    left === null || right === null ? left === right : isNan(left) && isNan(right) ? true : order(left, right) === 0;
  if (op === 'eq') return same;
  if (op === 'not-eq') return !same;
  const sign = left === null || right === null ? undefined : order(left, right);
  if (op === 'lt') return sign < 0;
  if (op === 'gt') return sign > 0;
  return op === 'lt-eq' ? same || sign < 0 : same || sign > 0;
}

const COMPARISONS = ['lt', 'lt-eq', 'gt', 'gt-eq', 'eq', 'not-eq'];
const MIRRORED = { lt: 'gt', 'lt-eq': 'gt-eq', gt: 'lt', 'gt-eq': 'lt-eq', eq: 'eq', 'not-eq': 'not-eq' };

export class RandomFilters {
  /** `rows`: where constants come from, most of them. `version`: of the table's format. */
  constructor(random, { places, rows, version }) {
    this.random = random;
    this.rows = rows;
    this.version = version;
    this.places = places.filter(({ isRepeated }) => !isRepeated);
    this.constants = new RandomConstants(random, version);
  }

  /** `{ json, keeps(cell) }`: `cell` gives the value of a field of a row, by its id. */
  filter(depth = 0) {
    const { random } = this;
    if (depth < 4 && random.chance(0.5 - depth * 0.05)) {
      const left = this.filter(depth + 1);
      if (random.chance(0.35)) {
        return { json: members(random, { type: '"not"', child: left.json }), keeps: (cell) => !left.keeps(cell) };
      }
      const right = this.filter(depth + 1);
      const type = random.pick(['and', 'or']);
      const json = members(random, { type: `"${type}"`, left: left.json, right: right.json });
      if (type === 'and') return { json, keeps: (cell) => left.keeps(cell) && right.keeps(cell) };
      return { json, keeps: (cell) => left.keeps(cell) || right.keeps(cell) };
    }
    if (random.chance(0.05)) {
      const truth = random.chance(0.6);
      return { json: random.pick([String(truth), `{"type":"${truth}"}`]), keeps: () => truth };
    }
    return this.#leaf();
  }

  #leaf() {
    const { random } = this;
    const place = random.pick(this.places);
    const { kind } = place.field.type;
    const makers = [() => this.#nullTest(place)];
    if (FLOATING.includes(kind)) makers.push(() => this.#nanTest(place));
    if (COMPARABLE.includes(kind)) {
      const constant = () => this.#comparison(place);
      makers.push(
        constant,
        constant,
        constant,
        () => this.#membership(place),
        () => this.#membership(place),
      );
      makers.push(() => this.#ofTwo(place));
    }
    if (kind === 'string') makers.push(...Array(3).fill(() => this.#prefix(place)));
    return random.pick(makers)();
  }

  #reference({ field }) {
    return members(this.random, { type: '"reference"', id: String(field.id) });
  }

  #nullTest(place) {
    const isNull = this.random.chance(0.5);
    const json = members(this.random, { type: isNull ? '"is-null"' : '"not-null"', child: this.#reference(place) });
    return { json, keeps: (cell) => (cell(place.field.id) === null) === isNull };
  }

  #nanTest(place) {
    const wanted = this.random.chance(0.5);
    const json = members(this.random, { type: wanted ? '"is-nan"' : '"not-nan"', child: this.#reference(place) });
    return { json, keeps: (cell) => isNan(cell(place.field.id)) === wanted };
  }

  /** Values of a column, and what lies beside them. */
  #near(place) {
    const found = this.random.chance(0.8) ? valueAt(this.random.pick(this.rows) ?? [null], place.path) : null;
    return this.constants.near(place.field.type, found ?? null);
  }

  #comparison(place) {
    const { random } = this;
    const constant = this.constants.written(place.field.type, this.#near(place), true);
    const op = random.pick(COMPARISONS);
    const [reference, isSwapped] = [this.#reference(place), random.chance(0.25)];
    const sides = isSwapped
      ? { type: `"${MIRRORED[op]}"`, left: constant.json, right: reference }
      : { type: `"${op}"`, left: reference, right: constant.json };
    return {
      json: members(random, sides),
      keeps(cell) {
        const value = cell(place.field.id);
        return compared(op, value === null ? null : constant.aligned(value), constant.value);
      },
    };
  }

  #membership(place) {
    const { random } = this;
    const { type } = place.field;
    const isIn = random.chance(0.5);
    const count = random.pick([0, 1, 2, 3, 8]);
    const constants = Array.from({ length: count }, () => this.constants.written(type, this.#near(place), false));
    const typed = random.chance(0.3);
    const dataType = typed ? { 'data-type': JSON.stringify(type.text) } : {};
    const list = `[${constants.map(({ json, bare }) => (typed ? bare : json)).join(',')}]`;
    const values =
      typed || random.chance(0.2)
        ? members(random, {
            type: '"literals"',
            values: typed ? list : `[${constants.map(({ bare }) => bare).join(',')}]`,
            ...dataType,
          })
        : list;
    const json = members(random, { type: isIn ? '"in"' : '"not-in"', child: this.#reference(place), values });
    return {
      json,
      keeps(cell) {
        const value = cell(place.field.id);
        const found =
          value !== null && constants.some((constant) => order(constant.aligned(value), constant.value) === 0);
        return found === isIn;
      },
    };
  }

  #prefix(place) {
    const { random } = this;
    const points = Array.from(this.#near(place));
    const prefix = points.slice(0, random.below(points.length + 1)).join('');
    const constant = this.constants.written(place.field.type, prefix, false);
    const isPrefix = random.chance(0.5);
    const json = members(random, {
      type: isPrefix ? '"starts-with"' : '"not-starts-with"',
      left: this.#reference(place),
      right: constant.json,
    });
    return {
      json,
      keeps(cell) {
        const value = cell(place.field.id);
        return (value?.startsWith(prefix) ?? false) === isPrefix;
      },
    };
  }

  /** Of two columns whose types are one, or are promoted to one. */
  #ofTwo(place) {
    const { random } = this;
    const others = this.places.filter(({ field }) => this.constants.common(place.field.type, field.type));
    const other = random.pick(others);
    const [left, right] = this.constants.common(place.field.type, other.field.type);
    const op = random.pick(COMPARISONS);
    return {
      json: members(random, { type: `"${op}"`, left: this.#reference(place), right: this.#reference(other) }),
      keeps(cell) {
        const [a, b] = [cell(place.field.id), cell(other.field.id)];
        return compared(op, a === null ? null : left(a), b === null ? null : right(b));
      },
    };
  }
}

/** A JSON object whose members come in any order. */
function members(random, object) {
  const entries = random.shuffled(Object.entries(object));
  return `{${entries.map(([name, json]) => `"${name}":${json}`).join(',')}}`;
}
