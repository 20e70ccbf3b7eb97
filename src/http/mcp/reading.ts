/** Statements of an agent: only such that read, explained before they are run, and no more of their rows than an agent can use. */
import type { Schema } from 'apache-arrow';
import { batchToRows } from '../../arrow/index.js';
import { SkuaError } from '../../errors.js';
import { sqlTypeName, textFormat } from '../../formats/index.js';
import type { StatementRequest, StatementService, StatementStream } from '../../query/contract.js';
import type { HttpCall } from '../http-call.js';

export interface ReadingLimits {
  /** Rows of one answer. */
  rows: number;
  /** Bytes of the values of one answer, as JSON. */
  answerBytes: number;
  /** Bytes that a statement may plan to read from data files. */
  scannedBytes: number;
}

export type Value = null | boolean | number | string;

export interface Answer {
  columns: { name: string; type: string }[];
  rows: Value[][];
  /** Whether there are more rows than these. */
  truncated: boolean;
}

export interface PlannedQuery {
  plan: string;
  /** Of the data files that the plan reads, as far as it says. */
  plannedBytes: number;
}

/** Runs what an agent sends, as the agent's user. */
export class Reading {
  readonly #statements: StatementService;
  readonly #call: HttpCall;
  readonly #occupy: (call: HttpCall) => Promise<void>;
  readonly #limits: ReadingLimits;
  #isOccupied = false;

  constructor(
    statements: StatementService,
    call: HttpCall,
    occupy: (call: HttpCall) => Promise<void>,
    limits: ReadingLimits,
  ) {
    this.#statements = statements;
    this.#call = call;
    this.#occupy = occupy;
    this.#limits = limits;
  }

  /** Explains without running. Anything but a query: PERMISSION_DENIED. */
  async plan(sql: string): Promise<PlannedQuery> {
    const { kind, statement } = await this.#describe({ sql });
    if (kind !== 'query') {
      throw new SkuaError('PERMISSION_DENIED', `agents may only read here, and ${statement} changes something`);
    }
    if (!/^(SELECT|WITH|VALUES|FROM|TABLE|PIVOT|UNPIVOT)\b/.test(statement)) return { plan: '', plannedBytes: 0 };
    const { rows } = await this.#read({ sql: `EXPLAIN ${sql}` }, { rows: 10_000, bytes: 2 ** 20 });
    const plan = rows.map(([line]) => line).join('\n');
    const bytes = [...plan.matchAll(/^ {2}bytes: (\d+) in planned files/gm)].map(([, figure]) => Number(figure));
    return { plan, plannedBytes: bytes.reduce((sum, figure) => sum + figure, 0) };
  }

  /** Plans, then runs a query. One that would read too much: RESOURCE_EXHAUSTED, before it runs. */
  async query(request: StatementRequest, mostRows: number): Promise<Answer & PlannedQuery> {
    const planned = await this.plan(request.sql);
    if (planned.plannedBytes > this.#limits.scannedBytes) {
      throw new SkuaError(
        'RESOURCE_EXHAUSTED',
        `the statement would read ${planned.plannedBytes} bytes, more than the ${this.#limits.scannedBytes} that an agent may; filter by partition columns, or take fewer columns`,
      );
    }
    const most = { rows: Math.min(mostRows, this.#limits.rows), bytes: this.#limits.answerBytes };
    return { ...(await this.#read(request, most)), ...planned };
  }

  /** The rows of a statement of the server's own, such as SHOW and DESCRIBE. */
  async rows(sql: string): Promise<Answer> {
    return this.#read({ sql }, { rows: this.#limits.rows, bytes: this.#limits.answerBytes });
  }

  async #describe(request: StatementRequest) {
    await this.#takePlace();
    return this.#statements.describe(this.#call, request);
  }

  async #read(request: StatementRequest, most: { rows: number; bytes: number }): Promise<Answer> {
    await this.#takePlace();
    return firstRows(await this.#statements.query(this.#call, request), most);
  }

  /** Among the statements that run at the same time; once for each request, however many statements it has. */
  async #takePlace(): Promise<void> {
    if (this.#isOccupied) return;
    this.#isOccupied = true;
    await this.#occupy(this.#call);
  }
}

async function firstRows({ schema, batches }: StatementStream, most: { rows: number; bytes: number }): Promise<Answer> {
  const columns = schema.fields.map((field) => ({ name: field.name, type: sqlTypeName(field) }));
  const convert = converters(schema);
  const rows: Value[][] = [];
  let bytes = 0;
  for await (const batch of batches) {
    for (const values of batchToRows(schema, batch)) {
      const row = values.map((value, column) => convert[column]?.(value) ?? null);
      bytes += JSON.stringify(row).length;
      // Leaving the loop stops the statement.
      if (rows.length >= most.rows || bytes > most.bytes) return { columns, rows, truncated: true };
      rows.push(row);
    }
  }
  return { columns, rows, truncated: false };
}

/** Numbers that JSON carries without loss stay numbers, all else is text. */
function converters(schema: Schema): ((value: unknown) => Value)[] {
  return schema.fields.map((field) => {
    const text = textFormat(field);
    return (value) => {
      if (value === null || value === undefined) return null;
      if (typeof value === 'boolean') return value;
      const shown = text(value);
      const isSafe =
        typeof value === 'number' || typeof value === 'bigint' ? Number.isSafeInteger(Number(value)) : false;
      return (isSafe || typeof value === 'number') && String(Number(shown)) === shown ? Number(shown) : shown;
    };
  });
}
