/** A piece of SQL text: enough to find names, brackets, semicolons and comments without a grammar. */
export interface Token {
  kind: 'word' | 'quoted' | 'text' | 'symbol' | 'blank';
  start: number;
  end: number;
}

/**
 * Cuts SQL into tokens as PostgreSQL's lexer does: quotes doubled inside, `E'…'` with backslashes, dollar quoting, nested comments, and line
 * comments that a carriage return ends too.
 * Comments and white space are `blank`. An unclosed quote or comment runs to the end of the text.
 */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const start = at;
    const kind = kindAt(sql, at);
    at = endOf(sql, at, kind);
    found.push({ kind, start, end: at });
  }
  return found;
}

const wordStart = /[\p{L}_$0-9\u{80}-\u{10ffff}]/u;
const word = /[\p{L}\p{M}\p{N}_$\u{80}-\u{10ffff}]*/uy;
const lineEnd = /[\n\r]/g;
const dollarQuote = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

function kindAt(sql: string, at: number): Token['kind'] {
  const character = sql[at] as string;
  if (/\s/.test(character)) return 'blank';
  if (character === '-' && sql[at + 1] === '-') return 'blank';
  if (character === '/' && sql[at + 1] === '*') return 'blank';
  if (character === '"') return 'quoted';
  if (character === "'") return 'text';
  if (/[eExXbB]/.test(character) && sql[at + 1] === "'") return 'text';
  if (character === '$' && matchAt(dollarQuote, sql, at)) return 'text';
  if (character === '$') return 'symbol';
  return wordStart.test(character) ? 'word' : 'symbol';
}

function endOf(sql: string, at: number, kind: Token['kind']): number {
  switch (kind) {
    case 'quoted':
      return endOfQuote(sql, at + 1, '"', false);
    case 'text':
      return endOfText(sql, at);
    case 'word':
      return at + Math.max(1, matchAt(word, sql, at)?.length ?? 1);
    case 'symbol':
      return at + 1;
    case 'blank':
      return endOfBlank(sql, at);
  }
}

function endOfText(sql: string, at: number): number {
  const dollar = matchAt(dollarQuote, sql, at);
  if (dollar) {
    const close = sql.indexOf(dollar, at + dollar.length);
    return close < 0 ? sql.length : close + dollar.length;
  }
  const prefixed = sql[at] !== "'";
  return endOfQuote(sql, at + (prefixed ? 2 : 1), "'", prefixed && /[eE]/.test(sql[at] as string));
}

function endOfQuote(sql: string, from: number, quote: string, backslashes: boolean): number {
  for (let at = from; at < sql.length; at++) {
    if (backslashes && sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return sql.length;
}

function endOfBlank(sql: string, start: number): number {
  if (sql[start] === '-') {
    lineEnd.lastIndex = start;
    const line = lineEnd.exec(sql);
    return line ? line.index + 1 : sql.length;
  }
  if (sql[start] !== '/') return start + 1;
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
}

/** Splits a text at its top-level semicolons. What holds nothing but comments is dropped, and so are comments around a statement. */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let first: Token | undefined;
  let last: Token | undefined;
  const finish = () => {
    if (first && last) statements.push(sql.slice(first.start, last.end));
    first = undefined;
    last = undefined;
  };
  for (const token of tokens(sql)) {
    if (token.kind === 'blank') continue;
    if (token.kind === 'symbol' && sql[token.start] === ';') {
      finish();
      continue;
    }
    first ??= token;
    last = token;
  }
  finish();
  return statements;
}

/** The name that a word or a quoted identifier stands for. */
export function nameOf(sql: string, token: Token): string {
  const text = sql.slice(token.start, token.end);
  return token.kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text;
}
