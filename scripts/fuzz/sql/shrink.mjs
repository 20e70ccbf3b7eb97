/** Makes a query smaller for as long as it stays wrong. */

/** The smallest query that `isWrong` still holds for, of those that leave parts out one after the other. */
export async function shrunk(query, isWrong, attempts = 80) {
  let smallest = query;
  for (let left = attempts; left > 0; ) {
    let found;
    for (const candidate of smaller(smallest)) {
      if (left-- <= 0) break;
      if (await isWrong(candidate)) {
        found = candidate;
        break;
      }
    }
    if (!found) return smallest;
    smallest = found;
  }
  return smallest;
}

function* smaller(query) {
  for (const key of ['qualify', 'limit', 'distinct', 'set']) if (query[key]) yield { ...query, [key]: undefined };
  if (query.order) yield { ...query, order: undefined, limit: undefined };
  for (const key of ['having', 'group']) if (query[key]?.length > 0) yield { ...query, [key]: [] };
  if (query.from.length > 1) yield { ...query, from: query.from.slice(0, 1) };
  for (const key of ['items', 'where']) {
    if (key === 'items' && query.items.length < 2) continue;
    for (const [index] of query[key].entries()) yield { ...query, [key]: query[key].toSpliced(index, 1) };
  }
  for (const [index, { parts }] of query.where.entries()) {
    for (const part of parts ?? []) yield { ...query, where: query.where.with(index, part) };
  }
  for (const key of ['with']) {
    if (!query[key]) continue;
    for (const inner of smaller(query[key])) yield { ...query, [key]: inner };
  }
  for (const [index, part] of query.from.entries()) {
    if (typeof part === 'string') continue;
    for (const inner of smaller(part)) yield { ...query, from: query.from.with(index, inner) };
  }
}
