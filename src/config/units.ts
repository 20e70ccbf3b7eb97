const SIZE_UNITS: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const DURATION_UNITS: Record<string, number> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
  d: 86400e3,
};

/** A size in bytes from `512MiB`, `1.5 GB` or a number of bytes; undefined where the text is none. */
export function parseSize(value: string | number): number | undefined {
  return parseQuantity(value, SIZE_UNITS, 1);
}

/** A duration in milliseconds from `30s`, `5m`, `250ms` or a number of seconds; undefined where the text is none. */
export function parseDuration(value: string | number): number | undefined {
  return parseQuantity(value, DURATION_UNITS, 1e3);
}

function parseQuantity(value: string | number, units: Record<string, number>, plainUnit: number): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value));
  if (match === null) return undefined;
  const unit = match[2] === '' ? plainUnit : units[(match[2] ?? '').toLowerCase()];
  if (unit === undefined) return undefined;
  const total = Number(match[1]) * unit;
  return Number.isSafeInteger(total) ? total : undefined;
}
