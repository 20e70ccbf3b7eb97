/** `"name"`, with quotes inside doubled. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, with quotes inside doubled. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A text as an expression: statements can't hold the NUL character, values can. */
export function textSql(text: string): string {
  return text.includes('\0') ? `(${text.split('\0').map(quoteText).join(' || chr(0) || ')})` : quoteText(text);
}
