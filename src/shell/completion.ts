/** Names for the prompt, by Tab: from the catalog, asked for once. */
import type { FlightSqlClient } from '../client/index.js';
import { quoteName } from '../sql/index.js';

const KEYWORDS =
  `ALTER AND AS BEGIN BETWEEN BY CASE CAST COMMIT CREATE DELETE DESCRIBE DISTINCT DROP ELSE END EXCEPT EXISTS EXPLAIN FROM FULL GROUP HAVING IN INNER
INSERT INTERSECT INTO IS JOIN LEFT LIKE LIMIT MERGE NOT NULL OFFSET ON OR ORDER PARTITIONED REPLACE RIGHT ROLLBACK SELECT SET SHOW TABLE TABLES THEN UNION
UPDATE USE USING VALUES VIEW WHEN WHERE WITH`.split(/\s+/);

const COMMANDS = '\\? \\copy \\d \\d+ \\dn \\dt \\dv \\e \\i \\l \\o \\pager \\q \\timing \\watch'.split(' ');

/** Longest wait for an answer; Tab must not stop the prompt. */
const PATIENCE = 2000;

export class Completion {
  readonly #client: FlightSqlClient;
  #names: Promise<string[]> | undefined;
  readonly #columns = new Map<string, Promise<string[]>>();

  constructor(client: FlightSqlClient) {
    this.#client = client;
  }

  /** Forgets what was asked for: a definition may have changed it. */
  forget(): void {
    this.#names = undefined;
    this.#columns.clear();
  }

  /** Completions of what the line ends in, and that end; as readline wants them. */
  async complete(line: string, before: string): Promise<[string[], string]> {
    if (/^\\\S*$/.test(line)) return [COMMANDS.filter((name) => name.startsWith(line)), line];
    const word = /[\p{L}\p{N}_."$]*$/u.exec(line)?.[0] ?? '';
    if (word === '') return [[], word];
    const known = await Promise.all([this.#allNames(), this.#columnsIn(`${before}\n${line}`)]);
    const isUpper = word === word.toUpperCase();
    const keywords = KEYWORDS.map((keyword) => (isUpper ? keyword : keyword.toLowerCase()));
    const wanted = word.toLowerCase();
    const matching = [...known.flat(), ...keywords].filter((name) => name.toLowerCase().startsWith(wanted));
    return [[...new Set(matching)].sort(), word];
  }

  /** Schemas, and tables both with and without their schema. */
  #allNames(): Promise<string[]> {
    this.#names ??= this.#ask(async (signal) => {
      const current = await this.#client.current({ signal });
      const catalog = current.catalog === undefined ? {} : { catalog: current.catalog };
      const [schemas, tables] = await Promise.all([
        this.#client.metadata.schemas({ ...catalog, signal }),
        this.#client.metadata.tables({ ...catalog, signal }),
      ]);
      return [
        ...schemas.map(({ schema }) => nameOf(schema)),
        ...tables.map(({ schema, table }) => `${nameOf(schema ?? '')}.${nameOf(table)}`),
        ...tables.filter(({ schema }) => schema === current.schema).map(({ table }) => nameOf(table)),
      ];
    });
    return this.#names;
  }

  /** Columns of the tables that the text names. */
  async #columnsIn(text: string): Promise<string[]> {
    const paths = [...text.matchAll(/\b(?:from|join|into|update)\s+([\p{L}\p{N}_."$]+)/giu)].map(
      ([, path]) => path ?? '',
    );
    const lists = paths.map((path) => {
      let list = this.#columns.get(path);
      if (list === undefined) {
        list = this.#ask(async (signal) => {
          const { rows } = { rows: (await this.#client.execute(`DESCRIBE ${path}`, { signal })).rows() };
          const names: string[] = [];
          for await (const { column_name: name } of rows) names.push(nameOf(String(name)));
          return names;
        });
        this.#columns.set(path, list);
      }
      return list;
    });
    return (await Promise.all(lists)).flat();
  }

  /** Who can't be asked gives no names. */
  #ask(load: (signal: AbortSignal) => Promise<string[]>): Promise<string[]> {
    return load(AbortSignal.timeout(PATIENCE)).catch(() => []);
  }
}

function nameOf(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteName(name);
}
