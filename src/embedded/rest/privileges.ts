/** Polaris's privileges on the content of a catalog, and which one includes which. */
export type Privilege =
  | 'CATALOG_MANAGE_CONTENT'
  | 'CATALOG_MANAGE_METADATA'
  | 'NAMESPACE_CREATE'
  | 'NAMESPACE_DROP'
  | 'NAMESPACE_LIST'
  | 'NAMESPACE_READ_PROPERTIES'
  | 'NAMESPACE_WRITE_PROPERTIES'
  | 'NAMESPACE_FULL_METADATA'
  | 'TABLE_CREATE'
  | 'TABLE_DROP'
  | 'TABLE_LIST'
  | 'TABLE_READ_PROPERTIES'
  | 'TABLE_WRITE_PROPERTIES'
  | 'TABLE_READ_DATA'
  | 'TABLE_WRITE_DATA'
  | 'TABLE_FULL_METADATA'
  | 'VIEW_CREATE'
  | 'VIEW_DROP'
  | 'VIEW_LIST'
  | 'VIEW_READ_PROPERTIES'
  | 'VIEW_WRITE_PROPERTIES'
  | 'VIEW_FULL_METADATA';

/** What each privilege includes besides itself, one step deep. */
const INCLUDES: Partial<Record<Privilege, readonly Privilege[]>> = {
  CATALOG_MANAGE_CONTENT: ['CATALOG_MANAGE_METADATA', 'TABLE_WRITE_DATA'],
  CATALOG_MANAGE_METADATA: ['NAMESPACE_FULL_METADATA', 'TABLE_FULL_METADATA', 'VIEW_FULL_METADATA'],
  NAMESPACE_FULL_METADATA: ['NAMESPACE_CREATE', 'NAMESPACE_DROP', 'NAMESPACE_WRITE_PROPERTIES'],
  NAMESPACE_CREATE: ['NAMESPACE_LIST'],
  NAMESPACE_WRITE_PROPERTIES: ['NAMESPACE_READ_PROPERTIES'],
  NAMESPACE_READ_PROPERTIES: ['NAMESPACE_LIST'],
  TABLE_FULL_METADATA: ['TABLE_CREATE', 'TABLE_DROP', 'TABLE_WRITE_PROPERTIES'],
  TABLE_CREATE: ['TABLE_LIST'],
  TABLE_WRITE_DATA: ['TABLE_READ_DATA', 'TABLE_WRITE_PROPERTIES'],
  TABLE_WRITE_PROPERTIES: ['TABLE_READ_PROPERTIES'],
  TABLE_READ_DATA: ['TABLE_READ_PROPERTIES'],
  TABLE_READ_PROPERTIES: ['TABLE_LIST'],
  VIEW_FULL_METADATA: ['VIEW_CREATE', 'VIEW_DROP', 'VIEW_WRITE_PROPERTIES'],
  VIEW_CREATE: ['VIEW_LIST'],
  VIEW_WRITE_PROPERTIES: ['VIEW_READ_PROPERTIES'],
  VIEW_READ_PROPERTIES: ['VIEW_LIST'],
};

/** Privileges of each role on the whole catalog. */
export type Grants = Record<string, readonly Privilege[]>;

const READING: readonly Privilege[] = [
  'NAMESPACE_LIST',
  'NAMESPACE_READ_PROPERTIES',
  'TABLE_LIST',
  'TABLE_READ_PROPERTIES',
  'TABLE_READ_DATA',
  'VIEW_LIST',
  'VIEW_READ_PROPERTIES',
];

export const DEFAULT_GRANTS: Grants = {
  catalog_admin: ['CATALOG_MANAGE_CONTENT'],
  data_writer: ['CATALOG_MANAGE_CONTENT'],
  table_reader: READING,
  analyst: READING,
};

/** The given privileges and all that they include. */
export function expand(privileges: Iterable<Privilege>): Set<Privilege> {
  const all = new Set<Privilege>();
  const add = (privilege: Privilege): void => {
    if (all.has(privilege)) return;
    all.add(privilege);
    INCLUDES[privilege]?.forEach(add);
  };
  for (const privilege of privileges) add(privilege);
  return all;
}
