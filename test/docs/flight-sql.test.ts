import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { UnionValue } from '../../src/arrow/index.js';
import { SkuaError } from '../../src/errors.js';
import type { FlightCall } from '../../src/flight/flight-call.js';
import type { FlightDescriptor } from '../../src/flight/messages.js';
import { codec } from '../../src/flight/proto.js';
import type { PutStream } from '../../src/flight/put-stream.js';
import { actionTypes } from '../../src/flight/sql/actions.js';
import { packAny } from '../../src/flight/sql/any.js';
import { dispatcher } from '../../src/flight/sql/dispatch.js';
import type { FlightSql } from '../../src/flight/sql/flight-sql.js';
import { SQL_INFO_VALUE } from '../../src/flight/sql/result-schemas.js';
import { sqlInfo } from '../../src/flight/sql/sql-info.js';
import { xdbcTypeRows } from '../../src/flight/sql/xdbc-types.js';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = read('docs/flight-sql.md');
const contract = read('proto/FlightSql.proto');

/** The cells of the first table of a section, without its heading. */
function table(section: string): string[][] {
  const [, rest = ''] = page.split(`\n## ${section}\n`);
  const [text = ''] = rest.split('\n## ');
  return text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.slice(2, -2).split(' | '));
}

const plain = (cell = '') => cell.replaceAll('`', '');

const REACHED = new Error('the dispatcher knows this');
/** A service whose every method shows that it was reached. */
const service = new Proxy({} as FlightSql, { get: () => () => Promise.reject(REACHED) });
const handler = dispatcher(service, []);
const call = { report: {} } as FlightCall;

/** Whether the dispatcher has an answer, and why not. */
async function outcome(run: () => Promise<unknown>): Promise<'known' | SkuaError> {
  try {
    await run();
    return 'known';
  } catch (error) {
    if (error === REACHED) return 'known';
    if (error instanceof SkuaError) return error;
    throw error;
  }
}

describe('docs/flight-sql.md', () => {
  const commands: { name: string; rpcs: string }[] = [];
  for (const [name, rpcs = ''] of table('Commands')) {
    commands.push({ name: plain(name), rpcs: rpcs === 'the same' ? (commands.at(-1)?.rpcs ?? '') : rpcs });
  }

  it('names every command of the contract', () => {
    const inContract = [...contract.matchAll(/^message (Command\w+) /gm)].map(([, name]) => name);
    expect(commands.map(({ name }) => name).sort()).toEqual(inContract.sort());
  });

  it.each(commands)('names the RPCs that take $name', async ({ name, rpcs }) => {
    const cmd = packAny(codec<object>(`arrow.flight.protocol.sql.${name}`), {});
    const descriptor: FlightDescriptor = { type: 'CMD', cmd, path: [] };
    const outcomes = {
      GetFlightInfo: await outcome(() => handler.getFlightInfo(call, descriptor)),
      PollFlightInfo: await outcome(() => handler.pollFlightInfo(call, descriptor)),
      GetSchema: await outcome(() => handler.getSchema(call, descriptor)),
      DoGet: await outcome(() => handler.doGet(call, cmd)),
      DoPut: await outcome(() => handler.doPut(call, { descriptor } as PutStream)),
    };
    const known = Object.entries(outcomes).filter(([, value]) => value === 'known');
    expect(known.map(([rpc]) => rpc).join(', ') || '-').toBe(rpcs);
    if (known.length === 0) expect(outcomes.GetFlightInfo).toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  const actions = table('Actions').map(([name, how]) => ({ name: plain(name), refused: how === 'UNIMPLEMENTED' }));

  it('names every action that the server offers', () => {
    const offered = actionTypes.map(({ type }) => type);
    expect(actions.filter(({ refused }) => !refused).map(({ name }) => name)).toEqual(offered);
  });

  it.each(actions.filter(({ refused }) => refused))('says that $name is refused', async ({ name }) => {
    const refusal = await outcome(() => handler.doAction(call, { type: name, body: new Uint8Array(0) }));
    expect(refusal).toMatchObject({ code: 'UNIMPLEMENTED', message: `${name} is not supported` });
  });

  it('has every SqlInfo code with its name and value', () => {
    const [, members = ''] = /^enum SqlInfo \{([\s\S]*?)^\}/m.exec(contract) ?? [];
    const names = new Map([...members.matchAll(/(\w+) = (\d+);/g)].map(([, name, code]) => [Number(code), name]));
    const values = [...sqlInfo({ version: 'x.y.z', statementTimeout: 30 * 60_000, statementBytes: 2 ** 20 })].sort(
      ([a], [b]) => a - b,
    );
    expect(table('SqlInfo').map(([code, name, value]) => [Number(code), plain(name), value])).toEqual(
      values.map(([code, value]) => [code, names.get(code), shown(value)]),
    );
  });

  it('has every type with its number', () => {
    const types = table('Types').map(([name, number]) => `${plain(name)} ${number}`);
    expect(types.sort()).toEqual(
      xdbcTypeRows()
        .map(([name, number]) => `${name} ${number}`)
        .sort(),
    );
  });
});

function shown({ typeId, value }: UnionValue): string {
  switch (typeId) {
    case SQL_INFO_VALUE.text:
      return value === '' ? 'empty' : `\`${value}\``;
    case SQL_INFO_VALUE.list:
      return `${(value as unknown[]).length} words`;
    case SQL_INFO_VALUE.map:
      return `${(value as unknown[]).length} types`;
    default:
      return String(value);
  }
}
