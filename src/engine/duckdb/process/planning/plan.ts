/** A node of the plan that EXPLAIN (FORMAT json) gives. */
export interface PlanNode {
  name: string;
  children: PlanNode[];
  extra_info: Record<string, string | string[]>;
}

/** A detail of a node: one text or several, or none. */
export function listOf(value: string | string[] | undefined): string[] {
  return (Array.isArray(value) ? value : [value ?? '']).filter((item) => item !== '');
}
