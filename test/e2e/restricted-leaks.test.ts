import { describe, expect, it } from 'vitest';
import { asText, both, masks, reference, usePeople } from './support/restricted-people.js';

const people = usePeople();

describe('nothing is told of hidden rows and values by', () => {
  it('counts and extremes, which metadata would answer', async () => {
    expect(
      await people.seen('SELECT count(*), count(salary), min(id), max(id), min(salary), max(salary) FROM people'),
    ).toEqual([[2n, 2n, 1n, 5n, 0, 0]]);
    const masked = { 'required-column-projections': masks };
    expect(await people.seen('SELECT max(salary), min(mail) FROM people', masked)).toEqual([[0, 'xxx@xxx.xxxxxxx']]);
    expect(await people.seen('SELECT count(*), count(born) FROM people', masked)).toEqual([[5n, 4n]]);
    const nulls = { 'required-column-projections': [{ 'field-id': 4, action: 'replace-with-null' }] };
    expect(await people.seen('SELECT count(salary), max(salary) FROM people', nulls)).toEqual([[0n, null]]);
  });

  it('values of partitions, which no file is read for', async () => {
    const restrictions = { 'required-column-projections': [{ 'field-id': 2, action: 'mask-to-fixed-value' }] };
    expect(await people.seen('SELECT region, count(*) FROM people GROUP BY ALL', restrictions)).toEqual([
      ['XXXXXXXX', 5n],
    ]);
    expect(await people.seen("SELECT count(*) FROM people WHERE region = 'US'", restrictions)).toEqual([[0n]]);
  });

  it.each([
    ["mail = 'ada@raw.example'", []],
    ["mail LIKE 'ada%'", []],
    ['salary > 5', []],
    ["mail IN ('ada@raw.example', 'bob@raw.example')", []],
    ["born = DATE '1990-05-04'", []],
    ["mail = 'xxx@xxx.xxxxxxx' AND salary = 0", [[1n], [5n]]],
    ["born = DATE '1990-01-01'", [[1n]]],
    ["region = 'US'", []],
    ['region IS NULL', []],
  ])('the predicate %s, which sees what is shown', async (predicate, expected) => {
    expect(await people.seen(`SELECT id FROM people WHERE ${predicate} ORDER BY id`)).toEqual(expected);
  });

  it.each([
    'SELECT sum(CAST(note AS INTEGER)) FROM people',
    'SELECT count(*) FROM people WHERE CAST(note AS INTEGER) > 0',
    'SELECT count(*) FROM people WHERE CAST(note AS INTEGER) > 0 AND id < 100',
    'SELECT count(*) FROM people WHERE CASE WHEN id IN (1, 5) THEN true ELSE error(mail) END',
    "SELECT count(*) FROM people WHERE CASE WHEN region = 'EU' THEN true ELSE error(note) END",
    'SELECT count(*) FROM people p JOIN friends f ON CAST(p.note AS INTEGER) = 11 * p.id AND f.id = p.id',
    'SELECT count(*) FROM friends f WHERE EXISTS (SELECT 1 FROM people p WHERE CAST(p.note AS INTEGER) > 0 AND p.id = f.id)',
    'SELECT count(*) FROM people GROUP BY CAST(note AS INTEGER) < 0',
    'SELECT count(*) FROM (SELECT * FROM people ORDER BY CAST(note AS INTEGER) LIMIT 10)',
    'SELECT count(*) FROM (SELECT row_number() OVER (ORDER BY CAST(note AS INTEGER)) AS n FROM people) WHERE n > 0',
    'SELECT count(*) FROM everybody WHERE CAST(note AS INTEGER) BETWEEN 1 AND 100',
    'SELECT count(*) FROM people WHERE random() < 2 AND CAST(note AS INTEGER) > 0',
  ])('the failure of %s', async (sql) => {
    const [[count]] = (await people.seen(sql)) as [[bigint]];
    expect([2n, 66n]).toContain(BigInt(count));
  });

  it.each([
    ['a filter that every comparison is cheaper than', { type: 'not-starts-with', left: reference(3), right: 'bob' }],
    [
      'a filter that the engine can put off',
      {
        type: 'or',
        left: { type: 'starts-with', left: reference(3), right: 'ada' },
        right: { type: 'eq', left: reference(2), right: 'nowhere' },
      },
    ],
  ])('the failure of expressions on hidden rows beside shown ones, under %s', async (_, filter) => {
    const restrictions = { 'required-row-filter': filter };
    for (const sql of [
      'SELECT count(*) FROM people_mixed WHERE CAST(note AS INTEGER) >= 0',
      'SELECT count(*) FROM people_mixed WHERE note::INTEGER >= 0 AND id >= 0',
      "SELECT count(*) FROM people_mixed WHERE CASE WHEN id % 3 = 0 THEN true ELSE error('hidden') END",
      'SELECT count(*) FROM people_mixed p JOIN people_mixed q ON CAST(p.note AS INTEGER) = CAST(q.note AS INTEGER)',
      'SELECT count(*) FROM (SELECT note::INTEGER AS n FROM people_mixed) WHERE n >= 0',
      'SELECT count(*) FROM people_mixed WHERE id IN (SELECT id FROM people_mixed WHERE note::INTEGER >= 0)',
      'SELECT count(DISTINCT note::INTEGER) FROM people_mixed',
      // The engine does not know of this function that it can fail.
      "SELECT count(*) FROM people_mixed WHERE chr(CASE WHEN note = 'raw-note' THEN -1 ELSE 5 END) <> 'q'",
      "SELECT count(*) FROM people_mixed p JOIN people_mixed q ON p.id = q.id AND chr(CASE WHEN p.note = 'raw-note' THEN -1 ELSE 5 END) <> 'q'",
    ]) {
      expect(await people.seen(sql, restrictions), sql).toEqual([[10000n]]);
    }
    const failing = "SELECT count(*) FROM people_mixed WHERE CASE WHEN id % 3 = 0 THEN true ELSE error('hidden') END";
    await expect(people.catalog.rows(failing)).rejects.toThrow('hidden');
  });

  it('limits, which count the rows that are seen', async () => {
    expect(await people.seen('SELECT id FROM people LIMIT 2')).toHaveLength(2);
    for (const salary of [10, 20]) {
      const filter = { type: 'not-eq', left: reference(2), right: salary };
      expect(await people.seen('SELECT id FROM people_paid LIMIT 2', { 'required-row-filter': filter })).toHaveLength(
        2,
      );
      expect(await people.seen('SELECT count(*) FROM people_paid', { 'required-row-filter': filter })).toEqual([[3n]]);
    }
    expect(await people.seen('SELECT id FROM people ORDER BY salary DESC, id LIMIT 1')).toEqual([[1n]]);
    expect(await people.seen('SELECT id FROM people ORDER BY id DESC LIMIT 1')).toEqual([[5n]]);
    expect(await people.seen('SELECT id FROM people USING SAMPLE 100 PERCENT ORDER BY 1')).toEqual([[1n], [5n]]);
  });

  it('joins, in either direction', async () => {
    expect(await people.seen('SELECT f.id FROM friends f JOIN people p ON p.id = f.of_id ORDER BY 1')).toEqual([[5]]);
    expect(
      await people.seen(
        'SELECT f.id FROM friends f LEFT JOIN people p ON p.id = f.of_id WHERE p.id IS NULL ORDER BY 1',
      ),
    ).toEqual([[1], [2]]);
    expect(await people.seen('SELECT p.id FROM mails m JOIN people p ON p.mail = m.mail')).toEqual([]);
    expect(await people.seen('SELECT p.id FROM mails m JOIN people p ON p.mail = m.shown ORDER BY 1')).toEqual([
      [1n],
      [5n],
    ]);
    expect(await people.seen('SELECT m.mail FROM mails m WHERE m.mail IN (SELECT mail FROM people)')).toEqual([]);
    expect(await people.seen('SELECT count(*) FROM people NATURAL JOIN mails')).toEqual([[0n]]);
  });

  it.each(['EXPLAIN', 'EXPLAIN ANALYZE'])('%s', async (explain) => {
    const text = asText(
      await people.seen(
        `${explain} SELECT mail FROM people p JOIN friends f ON p.id = f.id WHERE starts_with(note, '1')`,
      ),
    );
    expect(text).toContain('rows: those that the catalog lets you see');
    expect(text).toContain('masked: mail by mask-alphanum');
    const ofPeople = text.slice(text.indexOf('demo.people'), text.indexOf('Table quickstart.demo.friends'));
    expect(ofPeople).not.toMatch(/files:|bytes:|manifests:|row groups|fetched|join keys|metadata/);
    expect(text).not.toMatch(/'EU'|region|regexp_replace|raw/);
    // The plan is that of a table without rows: estimates would count hidden ones.
    expect(text).toContain("starts_with(note, '1')");
    expect(text).toContain('~0 rows');
    expect(text).not.toContain('SAMPLE');
    expect(await people.catalog.rows('EXPLAIN SELECT mail FROM people').then(asText)).toContain('files:');
  });

  it('EXPLAIN ANALYZE of tables that keys of a restricted one may leave files out of, however far away', async () => {
    const { catalog } = people;
    await catalog.update('CREATE TABLE visits AS SELECT range AS id, range % 100 AS place FROM range(60000)');
    await catalog.update('INSERT INTO visits SELECT 60000 + range, 100 + range % 100 FROM range(60000)');
    await catalog.update('CREATE TABLE places AS SELECT range AS place, range % 10 AS kind FROM range(0, 400, 2)');
    await catalog.update('INSERT INTO places SELECT range, range % 10 FROM range(1, 400, 2)');
    const explained = async (sql: string) => asText(await people.seen(`EXPLAIN ANALYZE ${sql}`));
    const near = 'SELECT count(*) FROM visits v JOIN people p ON v.id = p.id';
    expect(asText(await catalog.rows(`EXPLAIN ANALYZE ${near}`))).toMatch(/join keys: id of .*people\.id, 5 values/);
    const far = 'SELECT count(*) FROM visits v JOIN places l ON v.place = l.place JOIN people p ON l.kind = p.id';
    for (const text of [await explained(near), await explained(far)]) {
      expect(text.slice(0, text.indexOf('Time: '))).not.toMatch(/join keys|pruned|fetched|row groups|files: \d/);
      expect(text).toContain('files: not told, by a join with a restricted table');
    }
    const apart = 'SELECT (SELECT count(*) FROM visits WHERE id < 5), (SELECT count(*) FROM people)';
    expect(await explained(apart)).toMatch(/files: 1 planned of 2/);
  });

  it.each(['files', 'entries', 'manifests', 'partitions', 'snapshots', 'all_files', 'data_files', 'position_deletes'])(
    'the metadata table %s',
    async (name) => {
      const failure = await people.failing(`SELECT * FROM "people$${name}"`);
      expect(failure.code).toMatch(/PERMISSION_DENIED|NOT_FOUND/);
    },
  );

  it.each(['iceberg_metadata', 'iceberg_snapshots'])('the table function %s', async (name) => {
    expect(await people.failing(`SELECT * FROM ${name}('people')`)).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it.each([
    'INSERT INTO people (id) VALUES (9) RETURNING *',
    'DELETE FROM people RETURNING *',
    'UPDATE people SET id = 9 RETURNING mail',
  ])('what a change returns, as of %s', async (sql) => {
    expect(await people.failing(sql)).toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('the metadata tables of ids and times, which can be read', async () => {
    expect(await people.seen('SELECT count(*) FROM "people$history"')).toEqual([[3n]]);
    expect(await people.seen('SELECT name FROM "people$refs"')).toEqual([['main']]);
  });

  it.each(['_file', '_pos', '_spec_id', '_partition', 'people._pos'])('the hidden column %s', async (column) => {
    expect(await people.failing(`SELECT ${column} FROM people`)).toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('quickstart.demo.people'),
    });
  });

  it.each(['rowid', 'file_row_number', 'filename', 'file_index'])('the column %s of the engine', async (column) => {
    expect((await people.failing(`SELECT ${column} FROM people`)).code).toMatch(/INVALID_ARGUMENT|PERMISSION_DENIED/);
  });

  it.each([
    'SELECT CAST(note AS DATE) FROM people',
    'SELECT CAST(region AS INTEGER) FROM people',
    'SELECT CAST(id * 1000 AS TINYINT) FROM people',
    'SELECT error(note) FROM people',
  ])('the words of an error, as of %s', async (sql) => {
    const { code, message } = await people.failing(sql);
    expect(code).not.toBe('INTERNAL');
    expect(message).not.toMatch(/\b(?:11|55|EU|1000|5000)\b/);
    await expect(people.catalog.rows(sql)).rejects.toThrow(/11|55|raw-note|EU|US|000/);
  });

  it('progress', async () => {
    const told: unknown[] = [];
    await people.under(both, async () => {
      const call = { ...people.catalog.call(), onProgress: (read: unknown) => void told.push(read) };
      const { batches } = await people.catalog.statements.query(call, { sql: 'SELECT * FROM people' });
      for await (const _ of batches);
    });
    expect(told).toEqual([]);
  });

  it('the engine on what it was told', async () => {
    for (const view of ['duckdb_views()', 'duckdb_views', 'sqlite_master', "pragma_table_info('people')"]) {
      const failure = await people.failing(`SELECT * FROM ${view}, people`);
      expect(failure.code).toMatch(/PERMISSION_DENIED|NOT_FOUND|INVALID_ARGUMENT/);
    }
  });

  it('the log', async () => {
    await people.failing('SELECT CAST(note AS DATE) FROM people');
    expect(JSON.stringify(people.catalog.warnings)).not.toMatch(/'EU'|raw/);
  });
});

describe('a hash of one statement', () => {
  const hashed = (action: string) => ({
    'required-column-projections': [
      { 'field-id': 1, action },
      { 'field-id': 3, action },
    ],
  });

  it('is the same throughout it, and another in the next', async () => {
    const local = hashed('sha-256-query-local');
    expect(
      await people.seen('SELECT count(*) FROM people a JOIN everybody b ON a.id = b.id AND a.mail = b.mail', local),
    ).toEqual([[5n]]);
    const [first, second] = [
      await people.seen('SELECT mail FROM people', local),
      await people.seen('SELECT mail FROM people', local),
    ];
    expect(first.flat().filter((hash) => second.flat().includes(hash))).toEqual([]);
    const global = hashed('sha-256-global');
    expect(await people.seen("SELECT count(*) FROM people WHERE mail = sha256('ada@raw.example')", global)).toEqual([
      [1n],
    ]);
  });
});
