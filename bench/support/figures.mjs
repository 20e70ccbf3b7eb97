/** How figures are told. */

const plain = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** The value that half of the others lie below; `share` 0.95 gives the 95th percentile. */
export function quantile(values, share) {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function median(values) {
  return quantile(values, 0.5);
}

/** `median (lowest to highest)`. */
export function spread(values) {
  return `${plain(median(values))} (${plain(Math.min(...values))} to ${plain(Math.max(...values))})`;
}
