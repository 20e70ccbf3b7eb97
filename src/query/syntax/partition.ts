export interface PartitionDefinition {
  column: string[];
  /** As the specification writes it: `identity`, `bucket[16]`, `truncate[4]`, `month`, … */
  transform: string;
  /** Default: made of the column's and the transform's. */
  name?: string;
}

/** What rows are sorted by when they are written. */
export interface SortDefinition extends Pick<PartitionDefinition, 'column' | 'transform'> {
  direction: 'asc' | 'desc';
  nullOrder: 'nulls-first' | 'nulls-last';
}

/** The name that was given, or the one that the reference implementation gives to the fields of a new table. */
export function fieldName({ column, transform, name }: PartitionDefinition): string {
  if (name !== undefined) return name;
  const base = column.join('.');
  const kind = transform.replace(/\[.*/, '');
  const suffix: Record<string, string> = { identity: '', truncate: '_trunc', void: '_null' };
  return `${base}${suffix[kind] ?? `_${kind}`}`;
}
