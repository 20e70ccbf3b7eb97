/** Which statistics of a column its table wants in manifests (table properties `write.metadata.metrics.*`). */
export type MetricsMode = { kind: 'none' | 'counts' | 'full' } | { kind: 'truncate'; length: number };

/** The mode of a column by its dotted path; `truncate(16)` unless the table says otherwise. */
export function metricsMode(properties: Readonly<Record<string, string>>, path: string): MetricsMode {
  const text =
    properties[`write.metadata.metrics.column.${path}`] ??
    properties['write.metadata.metrics.default'] ??
    'truncate(16)';
  const truncate = /^truncate\((\d+)\)$/i.exec(text.trim());
  if (truncate) return { kind: 'truncate', length: Number(truncate[1]) };
  const kind = text.trim().toLowerCase();
  if (kind === 'none' || kind === 'counts' || kind === 'full') return { kind };
  return { kind: 'truncate', length: 16 };
}
