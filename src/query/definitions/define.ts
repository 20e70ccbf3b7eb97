/**
 * Definitions: statements that change what there is, but no rows of it. Those of tables can be part of a transaction, the others take effect at
 * once. Drivers begin a transaction before every statement, CREATE TABLE too, where autocommit is off: such a transaction lets definitions pass as
 * long as it holds no changes.
 */
import { SkuaError } from '../../errors.js';
import type { StatementContext } from '../environment.js';
import { type Statement, statementName } from '../syntax/statement.js';
import { noteDefinition } from '../touched-tables.js';
import { alterSchema, alterTable, alterView, propertyCount, rename } from './alter.js';
import { createTable } from './create-table.js';
import { createView } from './create-view.js';
import { createSchema, dropSchema, dropTable } from './definitions.js';
import { dropView } from './drop-view.js';
import { createMaterializedView, refreshView } from './materialized-view.js';

const KINDS = [
  'create-table',
  'create-view',
  'refresh-view',
  'create-schema',
  'drop-schema',
  'drop-table',
  'drop-view',
  'alter-table',
  'alter-view',
  'alter-schema',
  'rename-table',
  'rename-view',
] as const;

export type Definition = Extract<Statement, { kind: (typeof KINDS)[number] }>;

export function isDefinition(statement: Statement): statement is Definition {
  return KINDS.some((kind) => kind === statement.kind);
}

/** What the catalog's multi-table commit can carry. */
const TRANSACTIONAL: readonly Definition['kind'][] = ['create-table', 'alter-table'];

/**
 * Carries out a definition. The rows that CREATE TABLE AS wrote; else 0. One that can't be part of a transaction, in one that was begun by BEGIN or
 * holds changes: FAILED_PRECONDITION.
 */
export async function define(within: StatementContext, statement: Definition): Promise<number> {
  const { transaction } = within;
  noteDefinition(within, pathOf(statement), 'schema' in statement);
  const isPart = transaction !== undefined && (transaction.isExplicit || transaction.hasChanges);
  if (isPart && !TRANSACTIONAL.includes(statement.kind)) {
    throw new SkuaError(
      'FAILED_PRECONDITION',
      `${statementName(statement)} can't be part of a transaction: no catalog commits it together with others. End the transaction first, or connect with autocommit`,
    );
  }
  if (isPart) return carryOut(within, statement);
  try {
    return await carryOut({ ...within, transaction: undefined }, statement);
  } finally {
    transaction?.forgetStates();
  }
}

function pathOf(statement: Definition): string[] {
  if ('schema' in statement) return statement.schema;
  if ('table' in statement) return statement.table;
  return 'view' in statement ? statement.view : statement.from;
}

async function carryOut(context: StatementContext, statement: Definition): Promise<number> {
  if (statement.kind === 'create-table') return createTable(context, statement);
  if (statement.kind === 'refresh-view') return refreshView(context, statement);
  if (statement.kind === 'create-view' && statement.storage) return createMaterializedView(context, statement);
  await change(context, statement);
  const counts = 'countsProperties' in statement && statement.countsProperties;
  return counts ? propertyCount(context, statement) : 0;
}

function change(
  context: StatementContext,
  statement: Exclude<Definition, { kind: 'create-table' | 'refresh-view' }>,
): Promise<void> {
  switch (statement.kind) {
    case 'create-view':
      return createView(context, statement);
    case 'create-schema':
      return createSchema(context, statement);
    case 'drop-schema':
      return dropSchema(context, statement);
    case 'drop-table':
      return dropTable(context, statement);
    case 'drop-view':
      return dropView(context, statement);
    case 'alter-table':
      return alterTable(context, statement);
    case 'alter-view':
      return alterView(context, statement);
    case 'alter-schema':
      return alterSchema(context, statement);
    case 'rename-table':
    case 'rename-view':
      return rename(context, statement);
  }
}
