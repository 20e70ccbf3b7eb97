/**
 * Random expressions over parameters, for each pair of the type that a statement wants and the type that is bound: the answer is the engine's
 * for the same values written out, and the plan's columns are the stream's. The same for the same `SKUA_TEST_SEED`; `SKUA_TEST_COUNT` rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Schema } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchToRows } from '../../src/arrow/index.js';
import { RemoteEngine } from '../../src/engine/duckdb/client/remote-engine.js';
import type { EngineInstance } from '../../src/engine/duckdb/contract.js';
import { engineOptions } from '../engine/duckdb/process/support.js';
import { failure } from '../flight/client.js';
import { Driver } from './support/prepared.js';
import { below, pick, type Random, randomFrom } from './support/random-rows.js';
import { startTestServer, type TestServer } from './support/server.js';
import { isSame, plainValue, type TypedValue, typedValue, type ValueType, valueTypes } from './support/typed-values.js';

const seed = process.env.SKUA_TEST_SEED ?? '1';
const rounds = Number(process.env.SKUA_TEST_COUNT ?? '1');

let server: TestServer;
let driver: Driver;
let engine: RemoteEngine;
let instance: EngineInstance;
const directory = mkdtempSync(join(tmpdir(), 'skua-types-'));

beforeAll(async () => {
  server = await startTestServer();
  driver = await Driver.connect(server);
  engine = await RemoteEngine.open(engineOptions);
  instance = await engine.open({ principal: 'somebody', directory, memoryLimit: 1 << 30, threads: 1 });
});
afterAll(async () => {
  driver?.close();
  await server?.stop();
  await engine?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Expressions with one parameter, `$`, beside a value of the type that is wanted. */
const templates: ((wanted: TypedValue) => string)[] = [
  ({ sqlType }) => `coalesce(CAST(NULL AS ${sqlType}), $)`,
  ({ typed }) => `CASE WHEN 1 > 0 THEN $ ELSE ${typed} END`,
  ({ typed }) => `greatest($, ${typed})`,
  ({ typed }) => `least(${typed}, $)`,
  ({ typed }) => `[$, ${typed}]`,
  ({ sqlType }) => `{'a': coalesce($, CAST(NULL AS ${sqlType})), 'b': [coalesce($, CAST(NULL AS ${sqlType}))]}`,
  ({ sqlType }) => `MAP {'k': coalesce(CAST(NULL AS ${sqlType}), $)}`,
  ({ typed }) => `${typed} + $`,
  ({ typed }) => `$ - ${typed}`,
  ({ typed }) => `${typed} * $`,
  ({ typed }) => `$ // ${typed}`,
  ({ typed }) => `nullif($, ${typed})`,
  ({ typed }) => `${typed} < $`,
  ({ typed }) => `$ IN (${typed}, $)`,
  ({ typed }) => `$ BETWEEN ${typed} AND $`,
  ({ typed }) => `${typed} IS NOT DISTINCT FROM $`,
  ({ sqlType }) => `max(coalesce(CAST(NULL AS ${sqlType}), $))`,
  ({ sqlType }) => `sum(coalesce(CAST(NULL AS ${sqlType}), $))`,
  ({ sqlType }) => `abs(coalesce($, CAST(NULL AS ${sqlType})))`,
  ({ typed }) => `list_contains([${typed}], $)`,
  ({ typed }) => `if($ IS NULL, ${typed}, $)`,
  () => `$`,
  () => `abs($)`,
  () => `[$, NULL]`,
  () => `$ IS NULL`,
];

function randomValue(random: Random, type: ValueType): TypedValue {
  return typedValue(type, below(random, type.values.length + 1));
}

type Outcome = { value: unknown } | { error: string };

async function written(sql: string): Promise<Outcome> {
  try {
    const { schema, batches } = await instance.run(sql, [], {
      signal: new AbortController().signal,
      batchBytes: 1 << 20,
    });
    let value: unknown;
    for await (const batch of batches) [[value]] = batchToRows(schema, batch) as [[unknown]];
    return { value: plainValue(schema.fields[0] as Field, value) };
  } catch (error) {
    return { error: String(error) };
  }
}

async function bound(sql: string, values: TypedValue[]): Promise<Outcome> {
  const schema = new Schema(values.map(({ type }, index) => new Field(String(index + 1), type, true)));
  try {
    const {
      planned,
      schema: streamed,
      rows,
    } = await driver.query(sql, { schema, rows: [values.map(({ value }) => value)] });
    expect(planned.fields.map(String)).toEqual(streamed.fields.map(String));
    return { value: plainValue(streamed.fields[0] as Field, rows[0]?.[0]) };
  } catch (error) {
    const { code, details } = await failure(Promise.reject(error));
    expect(['INVALID_ARGUMENT', 'UNIMPLEMENTED'], `${sql} with ${values[0]?.typed}: ${details}`).toContain(code);
    return { error: details };
  }
}

const agree = (left: Outcome, right: Outcome) =>
  'error' in left ? 'error' in right : !('error' in right) && isSame(left.value, right.value);

describe.each(valueTypes)('where $sql is wanted', (wanted) => {
  test(
    `seed ${seed}: a bound value of any type means what it means written out`,
    async () => {
      for (let round = 0; round < rounds; round++) {
        for (const given of valueTypes) {
          const random = randomFrom(`${seed}.${round}.${wanted.sql}.${given.sql}`);
          const template = pick(random, templates)(randomValue(random, wanted));
          const value = randomValue(random, given);
          const text = (replacement: () => string) => `SELECT ${template.replaceAll('$', replacement)} AS value`;
          const values: TypedValue[] = [];
          const sql = text(() => {
            values.push(value);
            return '?';
          });
          const told = `SKUA_TEST_SEED=${seed}: ${sql} with ${value.typed}`;
          const answer = await bound(sql, values);
          const typed = await written(text(() => value.typed));
          const bare = await written(text(() => value.bare));
          if (agree(answer, typed) || agree(answer, bare)) continue;
          // The value is one of the type that the statement wants: text is read as that, and the other way round, and so is what is nothing without.
          const casts = await Promise.all(
            [wanted.sql, 'BIGINT', 'DOUBLE'].map((type) => written(text(() => `CAST(${value.typed} AS ${type})`))),
          );
          const isMeant = given.sql === 'VARCHAR' || wanted.sql === 'VARCHAR' || ('error' in typed && 'error' in bare);
          const isRight = isMeant && casts.some((cast) => agree(answer, cast));
          expect(
            isRight,
            `${told}
${shown({ answer, typed, bare, casts })}`,
          ).toBe(true);
        }
      }
    },
    120_000 * rounds,
  );
});

function shown(outcomes: unknown): string {
  return JSON.stringify(outcomes, (_, value) => (typeof value === 'bigint' ? `${value}n` : value), 1);
}
