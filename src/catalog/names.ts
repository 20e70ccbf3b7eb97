/** Names that can stand in a URL. */
import { SkuaError } from '../errors.js';
import type { CatalogSession, Namespace, TableIdentifier } from './contract.js';

/**
 * Refuses a name that is no name once it is part of a path: empty, `.` and `..`, also between slashes, which some servers decode too early;
 * control characters, among them the one that separates the levels of a namespace; half of a surrogate pair. INVALID_ARGUMENT.
 */
export function checkName(name: string, what: string): void {
  if (name === '') throw new SkuaError('INVALID_ARGUMENT', `The name of a ${what} is empty`);
  if (name.split(/[/\\]/).some((piece) => piece === '.' || piece === '..')) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `"${name}" can't be the name of a ${what}: in a path it stands for another`,
    );
  }
  if (hasControls(name) || !isWellFormed(name)) {
    throw new SkuaError('INVALID_ARGUMENT', `The name of a ${what} has characters that no name can have`);
  }
}

/** A namespace needs a level at least. */
export function checkNamespace(namespace: Namespace): void {
  if (namespace.length === 0) throw new SkuaError('INVALID_ARGUMENT', 'A namespace needs a name at each level.');
  for (const level of namespace) checkName(level, 'namespace');
}

function checkTable({ namespace, name }: TableIdentifier, what: string): void {
  checkNamespace(namespace);
  checkName(name, what);
}

function isPossible(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** The session, asked for nothing by names that `checkName` refuses. What it lists of such, nobody could ask for. */
export function withCheckedNames(session: CatalogSession): CatalogSession {
  const onTable =
    <A extends unknown[], R>(what: string, ask: (identifier: TableIdentifier, ...rest: A) => Promise<R>) =>
    async (identifier: TableIdentifier, ...rest: A) => {
      checkTable(identifier, what);
      return ask(identifier, ...rest);
    };
  const onNamespace =
    <A extends unknown[], R>(ask: (namespace: Namespace, ...rest: A) => Promise<R>) =>
    async (namespace: Namespace, ...rest: A) => {
      checkNamespace(namespace);
      return ask(namespace, ...rest);
    };
  const onTwo =
    (what: string, ask: (from: TableIdentifier, to: TableIdentifier) => Promise<void>) =>
    async (from: TableIdentifier, to: TableIdentifier) => {
      checkTable(from, what);
      checkTable(to, what);
      return ask(from, to);
    };
  const possible = (what: string, ask: (namespace: Namespace) => Promise<TableIdentifier[]>) =>
    onNamespace(async (namespace: Namespace) =>
      (await ask(namespace)).filter((identifier) => isPossible(() => checkTable(identifier, what))),
    );
  return {
    catalog: session.catalog,
    async listNamespaces(parent) {
      if (parent && parent.length > 0) checkNamespace(parent);
      const namespaces = await session.listNamespaces(parent);
      return namespaces.filter((namespace) => isPossible(() => checkNamespace(namespace)));
    },
    loadNamespace: onNamespace(session.loadNamespace),
    createNamespace: onNamespace(session.createNamespace),
    dropNamespace: onNamespace(session.dropNamespace),
    updateNamespace: onNamespace(session.updateNamespace),
    listTables: possible('table', session.listTables),
    listViews: possible('view', session.listViews),
    loadTable: onTable('table', session.loadTable),
    async createTable(namespace, request) {
      checkTable({ namespace, name: request.name }, 'table');
      return session.createTable(namespace, request);
    },
    async stageTable(namespace, request) {
      checkTable({ namespace, name: request.name }, 'table');
      return session.stageTable(namespace, request);
    },
    async registerTable(namespace, request) {
      checkTable({ namespace, name: request.name }, 'table');
      return session.registerTable(namespace, request);
    },
    dropTable: onTable('table', session.dropTable),
    renameTable: onTwo('table', session.renameTable),
    commitTable: onTable('table', session.commitTable),
    async commitTransaction(commits, sending) {
      for (const { identifier } of commits) checkTable(identifier, 'table');
      return session.commitTransaction(commits, sending);
    },
    probeTable: onTable('table', session.probeTable),
    report: (identifier, report) => session.report(identifier, report),
    loadView: onTable('view', session.loadView),
    async createView(namespace, request) {
      checkTable({ namespace, name: String((request as { name?: unknown }).name ?? '') }, 'view');
      return session.createView(namespace, request);
    },
    commitView: onTable('view', session.commitView),
    dropView: onTable('view', session.dropView),
    renameView: onTwo('view', session.renameView),
  };
}

function hasControls(name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function isWellFormed(name: string): boolean {
  return Buffer.from(name, 'utf8').toString('utf8') === name;
}
