/** Random changes of a table's definition, each made on both sides by `table.evolve`. What the server refuses changes neither. */
import {
  childrenOf,
  field,
  identifier,
  isNested,
  poolOf,
  promoted,
  randomType,
  transformsOf,
  typeSql,
} from './types.mjs';

/** Structs at any depth, with the path that names them and how to find them in other columns. */
function structsOf(table) {
  const found = [];
  const visit = (node, path, keys) => {
    const here = [...keys, node.key];
    if (node.type.kind === 'struct') found.push({ node, path, keys: here });
    for (const child of childrenOf(node.type)) {
      if (node.type.kind === 'map' && child === node.type.entryKey) continue;
      visit(child, `${path}.${identifier(child.name)}`, here);
    }
  };
  for (const column of table.columns) visit(column, identifier(column.name), []);
  return found;
}

export async function add(table) {
  const { random } = table;
  const structs = structsOf(table);
  if (structs.length > 0 && random.chance(0.5)) {
    const { path, keys, node } = random.pick(structs);
    const name = random.pick(
      ['p', 'added', 'more'].filter((word) => node.type.fields.every((child) => child.name.toLowerCase() !== word)),
    );
    if (!name) return;
    const added = field(name, randomType(random, Math.min(2, table.version), 2));
    await table.evolve(`ADD COLUMN ${path}.${identifier(name)} ${typeSql(added.type, 'server')}`, (columns) => {
      find(columns, keys).type.fields.push(added);
    });
    return;
  }
  const name = table.unused.shift();
  if (name === undefined) return;
  const added = field(name, randomType(random, table.version));
  const withDefault =
    table.version >= 3 &&
    random.chance(0.5) &&
    !isNested(added.type) &&
    !['variant', 'unknown'].includes(added.type.kind);
  if (withDefault) added.initial = random.pick(poolOf(added.type));
  const place = random.pick(['', '', ' FIRST', ` AFTER ${identifier(table.columns[0].name)}`]);
  const type = typeSql(added.type, 'server');
  await table.evolve(
    `ADD COLUMN ${identifier(name)} ${type}${withDefault ? ` DEFAULT ${added.initial}` : ''}${place}`,
    (columns) => {
      columns.splice(place === '' ? columns.length : place === ' FIRST' ? 0 : 1, 0, added);
    },
  );
}

export async function drop(table) {
  const { random } = table;
  const structs = structsOf(table).filter(({ node }) => node.type.fields.length > 1);
  if (structs.length > 0 && random.chance(0.5)) {
    const { path, keys, node } = random.pick(structs);
    const gone = random.pick(node.type.fields);
    await table.evolve(`DROP COLUMN ${path}.${identifier(gone.name)}`, (columns) => {
      const { type } = find(columns, keys);
      type.fields = type.fields.filter(({ key }) => key !== gone.key);
    });
    return;
  }
  const column = random.pick(table.columns);
  if (column.isId || table.columns.length < 3) return;
  const isDropped = await table.evolve(`DROP COLUMN ${identifier(column.name)}`, (columns) =>
    columns.filter(({ key }) => key !== column.key),
  );
  // The name comes back with another column, which must not find the values of this one.
  if (isDropped) table.unused.unshift(column.name);
}

export async function rename(table) {
  const { random } = table;
  const structs = structsOf(table);
  if (structs.length > 0 && random.chance(0.5)) {
    const { path, keys, node } = random.pick(structs);
    const child = random.pick(node.type.fields);
    const name = `${child.name}2`;
    if (node.type.fields.some((other) => other.name === name)) return;
    await table.evolve(`RENAME COLUMN ${path}.${identifier(child.name)} TO ${identifier(name)}`, (columns) => {
      find(columns, [...keys, child.key]).name = name;
    });
    return;
  }
  const column = random.pick(table.columns);
  const name = table.unused.pop();
  if (column.isId || name === undefined) return;
  await table.evolve(`RENAME COLUMN ${identifier(column.name)} TO ${identifier(name)}`, (columns) => {
    find(columns, [column.key]).name = name;
  });
}

export async function promote(table) {
  const places = [];
  const visit = (node, path, keys) => {
    const here = [...keys, node.key];
    const type = promoted(table.random, node.type, table.version);
    if (type && !node.isId) places.push({ path, keys: here, type });
    for (const child of childrenOf(node.type)) {
      if (node.type.kind === 'map' && child === node.type.entryKey) continue;
      visit(child, `${path}.${identifier(child.name)}`, here);
    }
  };
  for (const column of table.columns) visit(column, identifier(column.name), []);
  if (places.length === 0) return;
  const { path, keys, type } = table.random.pick(places);
  await table.evolve(`ALTER COLUMN ${path} TYPE ${typeSql(type)}`, (columns) => {
    find(columns, keys).type = type;
  });
}

export async function reorder(table) {
  const column = table.random.pick(table.columns);
  await table.evolve(`ALTER COLUMN ${identifier(column.name)} FIRST`, (columns) =>
    columns.sort((a, b) => Number(b.key === column.key) - Number(a.key === column.key)),
  );
}

export async function respec(table) {
  const { random } = table;
  const terms = random
    .some(table.columns, 0.3)
    .slice(0, 2)
    .flatMap((column) => randomTransform(random, column) ?? []);
  await table.evolve(
    terms.length > 0 ? `SET PARTITIONED BY (${terms.join(', ')})` : 'RESET PARTITIONED BY',
    () => undefined,
  );
}

export async function upgrade(table) {
  table.version++;
  await table.evolve(`SET TBLPROPERTIES ('format-version' = '${table.version}')`, () => undefined);
}

/** A clause of PARTITIONED BY; undefined where the type has none. */
export function randomTransform(random, column) {
  const options = transformsOf(column.type, identifier(column.name));
  if (options.length > 0) return random.pick(options);
  if (column.type.kind !== 'struct') return undefined;
  const child = random.pick(column.type.fields);
  const inner = transformsOf(child.type, `${identifier(column.name)}.${identifier(child.name)}`);
  return inner.length > 0 ? random.pick(inner) : undefined;
}

function find(columns, keys) {
  let node = { type: { kind: 'struct', fields: columns } };
  for (const key of keys) node = childrenOf(node.type).find((child) => child.key === key);
  return node;
}
