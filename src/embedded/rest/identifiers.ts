export type Namespace = readonly string[];

export interface TableIdentifier {
  namespace: Namespace;
  name: string;
}

/** `demo.events` */
export function dotted(identifier: TableIdentifier): string {
  return [...identifier.namespace, identifier.name].join('.');
}
