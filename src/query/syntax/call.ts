/** CALL, and ALTER TABLE … EXECUTE. */
import type { Cursor } from './cursor.js';

/** An argument by its place, or by its name. */
export interface CallArgument {
  /** In lower case. */
  name?: string;
  /** An expression as written. */
  sql: string;
}

export interface CallStatement {
  kind: 'call';
  /** As written: `[system, procedure]`, `[catalog, system, procedure]`. */
  procedure: string[];
  arguments: CallArgument[];
  /** How many of the answer's columns are given; default all. */
  columns?: number;
}

export interface ExecuteStatement {
  kind: 'execute';
  table: string[];
  /** In lower case. */
  procedure: string;
  arguments: CallArgument[];
  /** A condition. */
  where?: string;
}

/**
 * `CALL catalog.system.procedure(value, …, name => value, …)`, values by place before those by name; `:=` for `=>`.
 */
export function parseCall(cursor: Cursor): CallStatement {
  cursor.expect('CALL');
  const procedure = cursor.path('a procedure');
  const given = parseArguments(cursor);
  cursor.acceptSymbol(';');
  cursor.expectEnd();
  return { kind: 'call', procedure, arguments: given };
}

/** `EXECUTE procedure [(…)] [WHERE condition]`, behind the table of an ALTER TABLE. */
export function parseExecute(cursor: Cursor, table: string[]): ExecuteStatement {
  cursor.expect('EXECUTE');
  const procedure = cursor.name('a procedure').toLowerCase();
  const given = cursor.peek()?.text === '(' ? parseArguments(cursor) : [];
  const where = cursor.accept('WHERE') ? cursor.rest().replace(/;\s*$/, '').trimEnd() : undefined;
  if (where === '') throw cursor.error('Expected a condition');
  cursor.acceptSymbol(';');
  cursor.expectEnd();
  return { kind: 'execute', table, procedure, arguments: given, ...(where !== undefined && { where }) };
}

function parseArguments(cursor: Cursor): CallArgument[] {
  cursor.expectSymbol('(');
  const given: CallArgument[] = [];
  if (cursor.acceptSymbol(')')) return given;
  do given.push(parseArgument(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  const named = given.filter(({ name }) => name !== undefined);
  if (given.slice(given.length - named.length).some(({ name }) => name === undefined)) {
    throw cursor.error('An argument by its place stands before those by name');
  }
  const twice = named.find(({ name }, index) => named.findIndex((one) => one.name === name) !== index);
  if (twice) throw cursor.error(`Argument "${twice.name}" is given twice`);
  return given;
}

const ASSIGNS = new Set(['=>', ':=']);

function parseArgument(cursor: Cursor): CallArgument {
  const isNamed = ASSIGNS.has(cursor.peek(1)?.text ?? '');
  const name = isNamed ? cursor.name('the name of an argument').toLowerCase() : undefined;
  if (isNamed) cursor.next();
  const sql = cursor.until(({ kind, text }) => kind === 'symbol' && text === ',').trim();
  if (sql === '') throw cursor.error('Expected a value');
  return { ...(name !== undefined && { name }), sql };
}
