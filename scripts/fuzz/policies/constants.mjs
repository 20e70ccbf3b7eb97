/** Constants of row filters as JSON single values (Iceberg specification, Appendix D), in the forms that the expressions specification has for them. */
import { civil } from './masks.mjs';

const same = (value) => value;
const scaled = (factor) => (value) => value * factor;
const DAY = 86_400n;
const EDGES = {
  boolean: [false, true],
  int: [0n, 1n, -1n, 2n ** 31n - 1n, -(2n ** 31n)],
  long: [0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)],
  float: [0, -0, 1.5, -1.5, 3.4028234663852886e38, 1.401298464324817e-45],
  double: [0, -0, 0.1, 1.5, -1.5, 1.7976931348623157e308, 5e-324],
  date: [0n, -1n, 19_782n, -141_427n, 2_932_896n],
  time: [0n, 43_200_000_000n, 86_399_999_999n],
  string: ['', 'a', 'the same sixteen', '\uffff', '\u{1f980}', 'x\u0000y', "'", 'z\\"'],
};
for (const kind of ['timestamp', 'timestamptz'])
  EDGES[kind] = [0n, -1n, 1_709_210_096_123_456n, -12_219_292_800_000_000n];
for (const kind of ['timestamp_ns', 'timestamptz_ns']) EDGES[kind] = [0n, -1n, 1_709_210_096_123_456_789n];

export class RandomConstants {
  constructor(random, version) {
    this.random = random;
    this.version = version;
  }

  /** A value of the type near the given one, or any. NaN and infinities have no JSON. */
  near(type, value) {
    const { random } = this;
    const usable = value !== null && !(typeof value === 'number' && !Number.isFinite(value));
    if (usable && random.chance(0.6)) return value;
    if (typeof value === 'bigint' && random.chance(0.7)) {
      const moved = value + random.pick([1n, -1n]);
      if (inRange(type, moved)) return moved;
    }
    if (Buffer.isBuffer(value) && value.length > 0) {
      const moved = Buffer.from(value);
      moved[random.below(moved.length)] ^= random.pick([1, 0x80, 0xff]);
      return moved;
    }
    if (typeof value === 'string' && random.chance(0.5)) {
      return random.pick([`${value} `, `${value}\u{10ffff}`, Array.from(value).slice(0, -1).join('')]);
    }
    if (type.kind === 'decimal') {
      const most = 10n ** BigInt(type.precision) - 1n;
      return random.pick([0n, 1n, -1n, most, -most]);
    }
    if (type.kind === 'uuid') return Buffer.alloc(16, random.pick([0, 0x7f, 0x80, 0xff]));
    if (type.kind === 'fixed') return Buffer.alloc(type.width, random.pick([0, 0x80, 0xff]));
    if (type.kind === 'binary') return Buffer.alloc(random.below(4), random.pick([0, 0x80, 0xff]));
    return random.pick(EDGES[type.kind]);
  }

  /**
   * `{ json, bare, value, aligned }`: `bare` is the JSON value alone, and `aligned` takes a value of the column to the type that both are compared in. `widened`:
   * it may have a type that the column's is promoted to.
   */
  written(type, value, widened) {
    const { random } = this;
    const promoted = widened && random.chance(0.25) ? this.#promoted(type, value) : undefined;
    const constant = promoted ?? { type, value, aligned: same };
    const bare = this.#single(constant.type, constant.value);
    const typed = () =>
      `{"type":"literal","value":${bare},"data-type":${JSON.stringify(this.#typeText(constant.type))}}`;
    const json = promoted ? typed() : random.pick([() => bare, () => `{"value":${bare},"type":"literal"}`, typed])();
    return { json, bare, value: constant.value, aligned: constant.aligned };
  }

  #typeText(type) {
    if (type.kind !== 'decimal') return type.text;
    return `decimal(${type.precision},${this.random.pick(['', ' '])}${type.scale})`;
  }

  /** A constant of a wider type, beside values of the column. */
  #promoted(type, value) {
    const { random } = this;
    switch (type.kind) {
      case 'int':
        return random.chance(0.5)
          ? { type: { kind: 'long', text: 'long' }, value: value * random.pick([1n, 2n ** 20n]), aligned: same }
          : { type: { kind: 'double', text: 'double' }, value: Number(value) + random.pick([0, 0.5]), aligned: Number };
      case 'float':
        return {
          type: { kind: 'double', text: 'double' },
          value: value * random.pick([1, 1 + 2 ** -40]),
          aligned: same,
        };
      case 'decimal': {
        if (type.precision === 38) return undefined;
        const precision = random.between(type.precision + 1, 38);
        const wide = { kind: 'decimal', precision, scale: type.scale };
        return { type: wide, value: random.chance(0.5) ? value : value * 10n, aligned: same };
      }
      case 'date':
        if (this.version < 3) return undefined;
        return {
          type: { kind: 'timestamp', text: 'timestamp' },
          value: clamped(value) * DAY * 1_000_000n + random.pick([0n, 1n]),
          aligned: scaled(DAY * 1_000_000n),
        };
      default:
        return undefined;
    }
  }

  /** How values of two types are brought to one: two functions; undefined where they can't be. */
  common(left, right) {
    const is = (a, b) => left.kind === a && right.kind === b;
    if (left.kind === 'decimal' || left.kind === 'fixed') {
      const fits = left.kind === right.kind && left.scale === right.scale && left.width === right.width;
      return fits ? [same, same] : undefined;
    }
    if (left.kind === right.kind) return [same, same];
    if (is('int', 'long') || is('long', 'int') || is('float', 'double') || is('double', 'float')) return [same, same];
    if (this.version < 3) return undefined;
    const micro = scaled(DAY * 1_000_000n);
    if (is('date', 'timestamp')) return [micro, same];
    return is('timestamp', 'date') ? [same, micro] : undefined;
  }

  #single(type, value) {
    const { random } = this;
    switch (type.kind) {
      case 'boolean':
      case 'int':
      case 'long':
        return String(value);
      case 'float':
      case 'double':
        return random.pick([String(Object.is(value, -0) ? '-0.0' : value), value.toExponential()]);
      case 'decimal':
        return `"${decimalText(value, type.scale)}"`;
      case 'string':
        return random.chance(0.2) ? escaped(value) : JSON.stringify(value);
      case 'uuid':
        return `"${value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}"`;
      case 'fixed':
      case 'binary': {
        const hex = value.toString('hex');
        return `"${random.chance(0.5) ? hex.toUpperCase() : hex}"`;
      }
      case 'date':
        return `"${dayText(value)}"`;
      case 'time':
        return `"${clockText(value, 1_000_000n, 6)}"`;
      default: {
        const [unit, digits] = type.kind.endsWith('_ns') ? [1_000_000_000n, 9] : [1_000_000n, 6];
        const ofDay = ((value % (DAY * unit)) + DAY * unit) % (DAY * unit);
        const zone = type.kind.includes('tz') ? '+00:00' : '';
        return `"${dayText((value - ofDay) / (DAY * unit))}T${clockText(ofDay, unit, digits)}${zone}"`;
      }
    }
  }
}

/** Days that a timestamp has room for. */
const clamped = (days) => (days > 10_000_000n ? 10_000_000n : days < -10_000_000n ? -10_000_000n : days);

function inRange({ kind, precision }, value) {
  if (kind === 'decimal') return value < 10n ** BigInt(precision) && -value < 10n ** BigInt(precision);
  if (kind === 'time') return value >= 0n && value < DAY * 1_000_000n;
  const bits = kind === 'int' || kind === 'date' ? 32 : 64;
  return BigInt.asIntN(bits, value) === value;
}

export function decimalText(value, scale) {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`}`;
}

function dayText(days) {
  const { year, month, day } = civil(days);
  const two = (number) => String(number).padStart(2, '0');
  const digits = String(year < 0n ? -year : year).padStart(4, '0');
  return `${year < 0n ? '-' : digits.length > 4 ? '+' : ''}${digits}-${two(month)}-${two(day)}`;
}

function clockText(ofDay, unit, digits) {
  const two = (number) => String(number).padStart(2, '0');
  const seconds = ofDay / unit;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  const fraction = String(ofDay % unit).padStart(digits, '0');
  return /^0*$/.test(fraction) ? clock : `${clock}.${fraction}`;
}

/** All that is not plain, by its code units. */
const escaped = (text) =>
  `"${Array.from(text, (point) =>
    Array.from(
      { length: point.length },
      (_, index) => `\\u${point.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  ).join('')}"`;
