/** Pieces of the engine's SQL. */

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an expression: statements can't hold the NUL character, values can. */
export function textSql(text: string): string {
  const quote = (part: string) => `'${part.replaceAll("'", "''")}'`;
  return text.includes('\0') ? `(${text.split('\0').map(quote).join(' || chr(0) || ')})` : quote(text);
}

/** A field inside structs. */
export function pathSql(column: string, path: readonly string[]): string {
  return path.reduce((outer, name) => `struct_extract(${outer}, ${textSql(name)})`, quoteIdentifier(column));
}
