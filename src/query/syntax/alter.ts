/** ALTER TABLE, ALTER VIEW, ALTER SCHEMA and COMMENT ON. */
import { SkuaError } from '../../errors.js';
import type { ColumnPlace, PropertyAlteration, TableAlteration } from './alteration.js';
import { parseExecute } from './call.js';
import {
  AFTER_TYPE,
  parseColumnType,
  parseDefault,
  parsePartition,
  parsePartitions,
  parseProperties,
  parsePropertyKeys,
  parseSortOrder,
  parseTerm,
} from './clauses.js';
import type { Cursor } from './cursor.js';
import { parseReference } from './references.js';
import type { Statement } from './statement.js';
import { parseWriteOrder } from './write-order.js';

export function parseAlter(cursor: Cursor): Statement | undefined {
  switch (cursor.peek(1)?.keyword) {
    case 'TABLE':
      return parseAlterTable(cursor);
    case 'VIEW':
      return parseAlterView(cursor);
    case 'SCHEMA':
    case 'DATABASE':
    case 'NAMESPACE':
      return parseAlterSchema(cursor);
    default:
      return undefined;
  }
}

function parseAlterTable(cursor: Cursor): Statement {
  cursor.expect('ALTER', 'TABLE');
  const ifExists = cursor.accept('IF', 'EXISTS');
  const table = cursor.path('a table');
  if (cursor.accept('RENAME', 'TO')) return rename('rename-table', table, ifExists, cursor);
  if (cursor.at('EXECUTE')) return parseExecute(cursor, table);
  const alterations: TableAlteration[] = [];
  do alterations.push(...parseAlterations(cursor));
  while (cursor.acceptSymbol(','));
  cursor.expectEnd();
  return { kind: 'alter-table', table, ifExists, alterations };
}

function parseAlterView(cursor: Cursor): Statement {
  cursor.expect('ALTER', 'VIEW');
  const ifExists = cursor.accept('IF', 'EXISTS');
  const view = cursor.path('a view');
  if (cursor.accept('RENAME', 'TO')) return rename('rename-view', view, ifExists, cursor);
  if (cursor.at('AS'))
    throw new SkuaError('UNIMPLEMENTED', 'ALTER VIEW … AS is not supported; CREATE OR REPLACE VIEW is');
  const alterations = [expectProperties(cursor, 'RENAME TO, SET or UNSET')];
  cursor.expectEnd();
  return { kind: 'alter-view', view, ifExists, alterations };
}

function parseAlterSchema(cursor: Cursor): Statement {
  cursor.expect('ALTER');
  cursor.next();
  const ifExists = cursor.accept('IF', 'EXISTS');
  const schema = cursor.path('a schema');
  if (cursor.at('RENAME')) throw new SkuaError('UNIMPLEMENTED', 'Iceberg catalogs can not rename a schema');
  const alterations = [expectProperties(cursor, 'SET or UNSET')];
  cursor.expectEnd();
  return { kind: 'alter-schema', schema, ifExists, alterations };
}

function rename(kind: 'rename-table' | 'rename-view', from: string[], ifExists: boolean, cursor: Cursor): Statement {
  const to = cursor.path('a new name');
  cursor.expectEnd();
  return { kind, from, to, ifExists };
}

function parseAlterations(cursor: Cursor): TableAlteration[] {
  const identifier = parseIdentifier(cursor);
  if (identifier) return [identifier];
  const layout = parseLayout(cursor);
  if (layout) return layout;
  const reference = parseReference(cursor);
  if (reference) return [reference];
  const properties = parsePropertyAlteration(cursor);
  if (properties) return [properties];
  if (cursor.accept('ADD', 'PARTITION', 'FIELD'))
    return [{ kind: 'add-partition-field', field: parsePartition(cursor) }];
  if (cursor.accept('DROP', 'PARTITION', 'FIELD')) return [{ kind: 'drop-partition-field', field: parseTerm(cursor) }];
  if (cursor.accept('REPLACE', 'PARTITION', 'FIELD')) {
    const field = parseTerm(cursor);
    cursor.expect('WITH');
    return [
      { kind: 'drop-partition-field', field },
      { kind: 'add-partition-field', field: parsePartition(cursor) },
    ];
  }
  if (cursor.accept('ADD')) return parseAdd(cursor);
  if (cursor.accept('DROP')) return parseDropColumns(cursor);
  if (cursor.accept('RENAME')) {
    acceptColumnWord(cursor);
    const path = cursor.path('a column');
    cursor.expect('TO');
    return [{ kind: 'rename-column', path, name: cursor.name('a new name') }];
  }
  if (cursor.accept('ALTER') || cursor.accept('CHANGE')) {
    acceptColumnWord(cursor);
    return [parseAlterColumn(cursor)];
  }
  throw cursor.error(
    'Expected ADD, DROP, RENAME, ALTER, SET, RESET, UNSET, REPLACE PARTITION FIELD, CREATE BRANCH, CREATE TAG, WRITE or EXECUTE',
  );
}

/** The whole partition spec or sort order at once. */
function parseLayout(cursor: Cursor): TableAlteration[] | undefined {
  if (cursor.accept('SET', 'PARTITIONED', 'BY')) return [{ kind: 'set-partitions', fields: parsePartitions(cursor) }];
  if (cursor.accept('RESET', 'PARTITIONED', 'BY')) return [{ kind: 'set-partitions', fields: [] }];
  if (cursor.accept('SET', 'SORTED', 'BY')) return [{ kind: 'set-sort-order', fields: parseSortOrder(cursor) }];
  if (cursor.accept('RESET', 'SORTED', 'BY')) return [{ kind: 'set-sort-order', fields: [] }];
  return cursor.accept('WRITE') ? parseWriteOrder(cursor) : undefined;
}

/** The primary key, in the words of SQL and in those of Spark. */
function parseIdentifier(cursor: Cursor): TableAlteration | undefined {
  if (cursor.accept('DROP', 'PRIMARY', 'KEY')) return { kind: 'set-identifier', paths: [] };
  if (cursor.accept('SET', 'IDENTIFIER', 'FIELDS')) return { kind: 'set-identifier', paths: parsePaths(cursor) };
  if (!cursor.accept('ADD', 'PRIMARY', 'KEY')) return undefined;
  cursor.expectSymbol('(');
  const paths = parsePaths(cursor);
  cursor.expectSymbol(')');
  return { kind: 'set-identifier', paths };
}

function parsePaths(cursor: Cursor): string[][] {
  const paths: string[][] = [];
  do paths.push(cursor.path('a column'));
  while (cursor.acceptSymbol(','));
  return paths;
}

/** `COLUMN` may also be the name of a column. */
function acceptColumnWord(cursor: Cursor): void {
  const next = cursor.peek(1);
  if (cursor.at('COLUMN') && (next?.kind === 'word' || next?.kind === 'quoted') && next.keyword !== 'TO') cursor.next();
}

function refuseConstraints(cursor: Cursor): void {
  const word = cursor.peek()?.keyword ?? '';
  const next = cursor.peek(1);
  const isConstraint =
    (word === 'CONSTRAINT' && next?.kind === 'word') ||
    (word === 'FOREIGN' && next?.keyword === 'KEY') ||
    (['UNIQUE', 'CHECK'].includes(word) && next?.text === '(');
  if (isConstraint) throw new SkuaError('UNIMPLEMENTED', `ALTER TABLE can not change constraints (${word})`);
}

function parseAdd(cursor: Cursor): TableAlteration[] {
  refuseConstraints(cursor);
  if (cursor.accept('COLUMNS')) {
    if (!cursor.acceptSymbol('(')) return [parseAddColumn(cursor)];
    const added: TableAlteration[] = [];
    do added.push(parseAddColumn(cursor));
    while (cursor.acceptSymbol(','));
    cursor.expectSymbol(')');
    return added;
  }
  acceptColumnWord(cursor);
  return [parseAddColumn(cursor)];
}

function parseAddColumn(cursor: Cursor): TableAlteration {
  const ifNotExists = cursor.accept('IF', 'NOT', 'EXISTS');
  const path = cursor.path('a column');
  const type = parseColumnType(cursor);
  if (type === '') throw cursor.error(`Expected the type of "${path.join('.')}"`);
  let required = false;
  let comment: string | undefined;
  let given: string | undefined;
  let place: ColumnPlace | undefined;
  for (;;) {
    if (cursor.accept('NOT', 'NULL')) required = true;
    else if (cursor.accept('NULL')) required = false;
    else if (cursor.accept('COMMENT')) comment = cursor.string('a comment');
    else if (cursor.accept('DEFAULT')) given = parseDefault(cursor);
    else if (cursor.at('FIRST') || cursor.at('AFTER')) place = parsePlace(cursor);
    else break;
  }
  const next = cursor.peek();
  if (next && AFTER_TYPE.has(next.keyword)) {
    throw new SkuaError('UNIMPLEMENTED', `${next.keyword} on a column is not supported`);
  }
  return { kind: 'add-column', path, type, required, comment, default: given, place, ifNotExists };
}

function parsePlace(cursor: Cursor): ColumnPlace {
  if (cursor.accept('FIRST')) return 'first';
  cursor.expect('AFTER');
  return { after: cursor.name('a column') };
}

function parseDropColumns(cursor: Cursor): TableAlteration[] {
  refuseConstraints(cursor);
  const many = cursor.accept('COLUMNS');
  if (!many) acceptColumnWord(cursor);
  const ifExists = cursor.accept('IF', 'EXISTS');
  if (!many) return [{ kind: 'drop-column', path: droppedColumn(cursor), ifExists }];
  const parenthesized = cursor.acceptSymbol('(');
  const dropped: TableAlteration[] = [];
  do dropped.push({ kind: 'drop-column', path: droppedColumn(cursor), ifExists });
  while (cursor.acceptSymbol(','));
  if (parenthesized) cursor.expectSymbol(')');
  return dropped;
}

function droppedColumn(cursor: Cursor): string[] {
  const path = cursor.path('a column');
  if (!cursor.accept('RESTRICT')) cursor.accept('CASCADE');
  return path;
}

function parseAlterColumn(cursor: Cursor): TableAlteration {
  const path = cursor.path('a column');
  if (cursor.accept('SET', 'DATA', 'TYPE') || cursor.accept('SET', 'TYPE') || cursor.accept('TYPE')) {
    const type = parseColumnType(cursor);
    if (type === '') throw cursor.error('Expected a type');
    if (cursor.at('USING')) {
      throw new SkuaError(
        'UNIMPLEMENTED',
        'ALTER COLUMN … TYPE … USING is not supported: Iceberg widens types without touching values; write other values with UPDATE',
      );
    }
    return { kind: 'set-type', path, type };
  }
  if (cursor.accept('SET', 'NOT', 'NULL')) return { kind: 'set-required', path, required: true };
  if (cursor.accept('DROP', 'NOT', 'NULL')) return { kind: 'set-required', path, required: false };
  if (cursor.accept('SET', 'DEFAULT')) return { kind: 'set-default', path, default: parseDefault(cursor) };
  if (cursor.accept('DROP', 'DEFAULT')) return { kind: 'set-default', path, default: undefined };
  if (cursor.accept('COMMENT')) return { kind: 'comment-column', path, comment: cursor.string('a comment') };
  if (cursor.at('FIRST') || cursor.at('AFTER')) return { kind: 'move-column', path, place: parsePlace(cursor) };
  throw cursor.error('Expected TYPE, SET or DROP of NOT NULL or DEFAULT, COMMENT, FIRST or AFTER');
}

function expectProperties(cursor: Cursor, what: string): PropertyAlteration {
  const alteration = parsePropertyAlteration(cursor);
  if (!alteration) throw cursor.error(`Expected ${what}`);
  return alteration;
}

function parsePropertyAlteration(cursor: Cursor): PropertyAlteration | undefined {
  if (cursor.accept('SET')) {
    acceptPropertiesWord(cursor);
    return { kind: 'set-properties', properties: parseProperties(cursor) };
  }
  if (cursor.accept('UNSET') || cursor.accept('RESET')) {
    acceptPropertiesWord(cursor);
    cursor.accept('IF', 'EXISTS');
    return { kind: 'remove-properties', keys: parsePropertyKeys(cursor) };
  }
  return undefined;
}

function acceptPropertiesWord(cursor: Cursor): void {
  for (const word of ['TBLPROPERTIES', 'DBPROPERTIES', 'PROPERTIES']) if (cursor.accept(word)) return;
}

/** COMMENT ON … IS 'text' or NULL. The comment of a table, view or schema is its property `comment`. */
export function parseComment(cursor: Cursor): Statement | undefined {
  const what = cursor.peek(2)?.keyword ?? '';
  if (!cursor.at('COMMENT', 'ON') || !['TABLE', 'COLUMN', 'VIEW', 'SCHEMA', 'DATABASE', 'NAMESPACE'].includes(what)) {
    return undefined;
  }
  cursor.expect('COMMENT', 'ON', what);
  const path = cursor.path(what === 'COLUMN' ? 'a table and a column' : 'a name');
  cursor.expect('IS');
  const comment = cursor.accept('NULL') ? undefined : cursor.string('a comment');
  cursor.expectEnd();
  if (what === 'COLUMN') {
    if (path.length < 2) throw cursor.error('Expected a table before the column');
    const column = path.slice(-1);
    const alterations: TableAlteration[] = [{ kind: 'comment-column', path: column, comment }];
    return { kind: 'alter-table', table: path.slice(0, -1), ifExists: false, alterations };
  }
  const alterations: PropertyAlteration[] = [
    comment === undefined
      ? { kind: 'remove-properties', keys: ['comment'] }
      : { kind: 'set-properties', properties: { comment } },
  ];
  if (what === 'TABLE') return { kind: 'alter-table', table: path, ifExists: false, alterations };
  if (what === 'VIEW') return { kind: 'alter-view', view: path, ifExists: false, alterations };
  return { kind: 'alter-schema', schema: path, ifExists: false, alterations };
}
