/** What `json_serialize_sql` and `json_serialize_plan` give. Numbers of 64 bits are texts in it, and those that JSON lacks are null. */
export function readSerialized(json: string): unknown {
  return JSON.parse(readable(json));
}

/** DuckDB writes constants such as `1e400` as numbers that JSON lacks, and those of 64 bits as numbers, which `JSON.parse` would round. */
function readable(json: string): string {
  const exact = json.replaceAll(/(?<="value":)-?\d{16,}(?=[,}])/g, '"$&"');
  if (!exact.includes('Infinity') && !exact.includes('NaN')) return exact;
  return exact.replaceAll(/(?<="value":)-?(?:Infinity|NaN)(?=[,}])/g, 'null');
}
