/** A table of people, some of them in the EU, and what is made of it; and what those see who read it under restrictions. */
import { afterAll, beforeAll, expect } from 'vitest';
import { type FaultyCatalog, startFaultyCatalog } from './faulty-catalog.js';

export const reference = (id: number) => ({ type: 'reference', id });
export const inEurope = { type: 'eq', left: reference(2), right: { type: 'literal', value: 'EU' } };
export const masks = [
  { 'field-id': 3, action: 'mask-alphanum' },
  { 'field-id': 4, action: 'mask-to-fixed-value' },
  { 'field-id': 6, action: 'truncate-to-year' },
];
export const both = { 'required-row-filter': inEurope, 'required-column-projections': masks };

export const asText = (rows: unknown[][]) => rows.flat().join('\n');

export function usePeople() {
  const people = {
    catalog: undefined as unknown as FaultyCatalog,
    /** Snapshots of `people`, oldest first. */
    snapshots: [] as bigint[],
    under,
    seen,
    failing,
  };
  beforeAll(async () => {
    const catalog = await startFaultyCatalog();
    people.catalog = catalog;
    await catalog.update(
      'CREATE TABLE people (id BIGINT, region VARCHAR, mail VARCHAR, salary DOUBLE, note VARCHAR, born DATE) PARTITIONED BY (region)',
    );
    // Notes of those in the EU are numbers; of the others they are none.
    await catalog.update(`INSERT INTO people VALUES
      (1, 'EU', 'ada@raw.example', 10, '11', DATE '1990-05-04'), (2, 'US', 'bob@raw.example', 999, 'raw-note', DATE '1980-01-02'),
      (3, 'EU', 'cyd@raw.example', 30, '33', DATE '1991-06-05'), (4, 'US', 'dan@raw.example', 888, 'raw-note', DATE '1981-03-04')`);
    await catalog.update(`INSERT INTO people VALUES
      (5, 'EU', 'eve@raw.example', 50, '55', DATE '1992-07-06'), (6, NULL, 'fay@raw.example', 777, 'raw-note', NULL)`);
    await catalog.update('DELETE FROM people WHERE id = 3');
    people.snapshots = (await catalog.rows('SELECT snapshot_id FROM "people$snapshots" ORDER BY committed_at')).map(
      ([id]) => id as bigint,
    );
    // The same in one file, with rows enough for the engine to choose in which order it applies filters.
    await catalog.update(`CREATE TABLE people_mixed AS SELECT i AS id, 'r' || i % 7 AS region,
      CASE WHEN i % 3 = 0 THEN 'ada' ELSE 'bob' END || i || '@raw.example' AS mail, i * 1.5 AS salary,
      CASE WHEN i % 3 = 0 THEN CAST(i AS VARCHAR) ELSE 'raw-note' END AS note FROM range(30000) t(i)`);
    await catalog.update('CREATE TABLE people_paid (id INT, salary DOUBLE)');
    await catalog.update('INSERT INTO people_paid VALUES (1, 10), (2, 10), (3, 10)');
    await catalog.update('INSERT INTO people_paid VALUES (4, 20), (5, 20), (6, 20)');
    await catalog.update('CREATE TABLE friends AS SELECT * FROM (VALUES (1, 2), (2, 4), (5, 1)) f(id, of_id)');
    await catalog.update("CREATE TABLE mails AS SELECT 'ada@raw.example' AS mail, 'xxx@xxx.xxxxxxx' AS shown");
    await catalog.update('CREATE VIEW everybody AS SELECT * FROM people');
  });
  afterAll(() => people.catalog?.stop());

  /** What the catalog demands of those who read `people`, while the work is done. */
  async function under<T>(restrictions: unknown, work: () => Promise<T>): Promise<T> {
    people.catalog.fault = ({ method, path }) =>
      method === 'GET' && /\/tables\/people(?:_mixed|_paid)?(?:\?|$)/.test(path)
        ? { rewrite: (answer) => ({ ...answer, 'read-restrictions': restrictions }) }
        : undefined;
    try {
      return await work();
    } finally {
      people.catalog.fault = () => undefined;
    }
  }

  function seen(sql: string, restrictions: unknown = both): Promise<unknown[][]> {
    return under(restrictions, () => people.catalog.rows(sql));
  }
  /** The error that a text fails with. */
  function failing(sql: string, restrictions: unknown = both) {
    return seen(sql, restrictions).then(
      (rows) => expect.fail(`gave ${rows.length} rows`),
      (error) => error,
    );
  }

  return people;
}
