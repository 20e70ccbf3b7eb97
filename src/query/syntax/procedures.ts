/** CALL of the procedures that DuckDB has for Iceberg tables and schemas, as the ALTER or the procedure of `system` that each stands for. */
import { quoteString } from '../../sql/index.js';
import type { AlterSchemaStatement, AlterTableStatement, PropertyAlteration } from './alteration.js';
import { type CallStatement, parseCall } from './call.js';
import { Cursor } from './cursor.js';
import { pathInText } from './table-functions.js';

const PROCEDURES: Record<string, { kind: 'alter-table' | 'alter-schema'; sets: boolean }> = {
  set_iceberg_table_properties: { kind: 'alter-table', sets: true },
  remove_iceberg_table_properties: { kind: 'alter-table', sets: false },
  set_iceberg_schema_properties: { kind: 'alter-schema', sets: true },
  remove_iceberg_schema_properties: { kind: 'alter-schema', sets: false },
};

interface SystemProcedure {
  name: string;
  options: readonly string[];
  /** Columns of the answer that DuckDB has too. */
  columns: number;
}

/** Procedures that Spark has in `system`, with the options that DuckDB gives as arguments of their own. */
const OF_SYSTEM: Record<string, SystemProcedure> = {
  iceberg_rollback_to_snapshot: { name: 'rollback_to_snapshot', options: [], columns: 2 },
  iceberg_rewrite_data_files: {
    name: 'rewrite_data_files',
    options: ['target_file_size_bytes', 'min_file_size_bytes', 'max_file_size_bytes', 'min_input_files', 'rewrite_all'],
    columns: 3,
  },
};

/** Undefined for the call of anything else. */
export function parseDuckDbCall(
  cursor: Cursor,
): AlterTableStatement | AlterSchemaStatement | CallStatement | undefined {
  const name = cursor.peek(1)?.text.toLowerCase() ?? '';
  const procedure = Object.hasOwn(OF_SYSTEM, name) ? OF_SYSTEM[name] : undefined;
  return procedure ? ofSystem(parseCall(cursor), procedure) : parsePropertiesCall(cursor);
}

/**
 * `SELECT * FROM procedure(…)`, or `FROM procedure(…)`, and nothing else: what DuckDB's CALL is short for. Undefined for any other query, in which
 * a procedure can't be called.
 */
export function parseSelectedCall(cursor: Cursor): ReturnType<typeof parseDuckDbCall> {
  const from = cursor.at('SELECT') && cursor.peek(1)?.text === '*' ? 2 : 0;
  const word = cursor.peek(from);
  const name = cursor.peek(from + 1)?.text.toLowerCase() ?? '';
  const isKnown = Object.hasOwn(OF_SYSTEM, name) || Object.hasOwn(PROCEDURES, name);
  if (word?.keyword !== 'FROM' || !isKnown || !isWholeCall(cursor, from + 2)) return undefined;
  // Each place of the text stays what it was.
  const blanks = cursor.text.slice(cursor.position, word.start).replace(/[^\n]/g, ' ');
  const text = `${cursor.text.slice(0, cursor.position)}${blanks}CALL${cursor.text.slice(word.end)}`;
  return parseDuckDbCall(new Cursor(text));
}

/** Whether the parenthesis at a place is closed by the statement's last token. */
function isWholeCall(cursor: Cursor, open: number): boolean {
  if (cursor.peek(open)?.text !== '(') return false;
  let depth = 0;
  for (let ahead = open; ; ahead++) {
    const token = cursor.peek(ahead);
    if (!token) return false;
    if (token.kind !== 'symbol') continue;
    if (token.text === '(') depth++;
    if (token.text === ')' && --depth === 0) {
      const next = cursor.peek(ahead + 1);
      return next === undefined || (next.text === ';' && cursor.peek(ahead + 2) === undefined);
    }
  }
}

function ofSystem(call: CallStatement, { name, options, columns }: SystemProcedure): CallStatement {
  const given = call.arguments.filter((argument) => options.includes(argument.name ?? ''));
  const others = call.arguments.filter((argument) => !given.includes(argument));
  const [table] = others;
  const text = table && /^'(?:[^']|'')*'$/.test(table.sql) ? table.sql.slice(1, -1).replaceAll("''", "'") : undefined;
  const path = text === undefined ? [] : pathInText(text);
  const procedure = [...(path.length === 3 ? path.slice(0, 1) : []), 'system', name];
  if (given.length === 0) return { ...call, procedure, arguments: others, columns };
  const entries = given.map(({ name: key = '', sql }) => {
    const value = sql.startsWith("'") ? sql : quoteString(sql);
    return `${quoteString(key.replaceAll('_', '-'))}, ${value}`;
  });
  const named = others.map((argument) => ({ name: 'table', ...argument }));
  const all = { name: 'options', sql: `map(${entries.join(', ')})` };
  return { ...call, procedure, arguments: [...named, all], columns };
}

function parsePropertiesCall(cursor: Cursor): AlterTableStatement | AlterSchemaStatement | undefined {
  const name = cursor.peek(1)?.text.toLowerCase() ?? '';
  const procedure = Object.hasOwn(PROCEDURES, name) ? PROCEDURES[name] : undefined;
  if (!procedure || cursor.peek(2)?.text !== '(') return undefined;
  cursor.expect('CALL');
  cursor.next();
  cursor.expectSymbol('(');
  const isText = cursor.peek()?.kind === 'string';
  const path = isText ? pathInText(cursor.next().text) : cursor.path('the name of a table or schema');
  cursor.expectSymbol(',');
  const alteration: PropertyAlteration = procedure.sets
    ? { kind: 'set-properties', properties: propertiesIn(cursor) }
    : { kind: 'remove-properties', keys: keysIn(cursor) };
  cursor.expectSymbol(')');
  cursor.expectEnd();
  const rest = { ifExists: false, alterations: [alteration], countsProperties: true };
  return procedure.kind === 'alter-table'
    ? { kind: 'alter-table', table: path, ...rest }
    : { kind: 'alter-schema', schema: path, ...rest };
}

/** `{'key': 'value', …}` or `MAP {'key': 'value', …}`. Values may be numbers and words. */
function propertiesIn(cursor: Cursor): Record<string, string> {
  const properties: Record<string, string> = {};
  cursor.accept('MAP');
  cursor.expectSymbol('{');
  while (!cursor.acceptSymbol('}')) {
    const key = cursor.peek()?.kind === 'string' ? cursor.next().text : cursor.name('a key');
    cursor.expectSymbol(':');
    const value = cursor.next();
    if (value.kind === 'symbol' || value.kind === 'parameter') throw cursor.error(`Expected a value for "${key}"`);
    properties[key] = value.text;
    if (!cursor.acceptSymbol(',') && cursor.peek()?.text !== '}') throw cursor.error('Expected , or }');
  }
  return properties;
}

/** `['key', …]` */
function keysIn(cursor: Cursor): string[] {
  const keys: string[] = [];
  cursor.expectSymbol('[');
  while (!cursor.acceptSymbol(']')) {
    keys.push(cursor.string('a key'));
    if (!cursor.acceptSymbol(',') && cursor.peek()?.text !== ']') throw cursor.error('Expected , or ]');
  }
  return keys;
}
