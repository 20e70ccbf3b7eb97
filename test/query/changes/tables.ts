/** Small tables for tests of changes. */
import type { FaultyCatalog } from '../../e2e/support/faulty-catalog.js';

let made = 0;

/** A name that no table has yet. */
export function nextName(): string {
  return `t${++made}`;
}

/** A table of 12 rows in files of 4, one for each value of `part`. `properties` begins with a comma. */
export async function createTable(catalog: FaultyCatalog, version: number, properties = ''): Promise<string> {
  const name = nextName();
  await catalog.update(
    `CREATE TABLE ${name} (id BIGINT, n BIGINT, part VARCHAR) PARTITIONED BY (part) TBLPROPERTIES ('format-version' = '${version}'${properties})`,
  );
  await catalog.update(`INSERT INTO ${name} SELECT range, 0, 'p' || (range % 3) FROM range(12)`);
  return name;
}

export async function idsOf(catalog: FaultyCatalog, name: string): Promise<number[]> {
  return (await catalog.rows(`SELECT id FROM ${name} ORDER BY id`)).map(([id]) => Number(id));
}

/** Files in the warehouse below a table that none of its snapshots refers to. */
export async function orphansOf(catalog: FaultyCatalog, name: string): Promise<string[]> {
  const known = await catalog.rows(
    `SELECT file_path FROM "${name}$all_files" UNION SELECT path FROM "${name}$all_manifests" UNION SELECT manifest_list FROM "${name}$snapshots"`,
  );
  const referred = new Set(known.map(([location]) => String(location).replace(/^file:(\/\/)?/, '')));
  return (await catalog.files()).filter((path) => path.includes(`/${name}/`) && !referred.has(path));
}
