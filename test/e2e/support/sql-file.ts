/** The text format of `test/sql/*.test`; its README says what a file holds. */
export interface SqlBlock {
  line: number;
  user: string;
  kind: 'ok' | 'count' | 'error' | 'query' | 'sorted';
  /** The affected rows, or the status. */
  wanted?: string | undefined;
  sql: string;
  /** Rows, or a part of the error's sentence. */
  below: string[];
}

export function parseSqlFile(text: string): SqlBlock[] {
  const blocks: SqlBlock[] = [];
  let user = 'adminuser';
  let line = 1;
  for (const chunk of text.split('\n\n')) {
    const start = line;
    line += chunk.split('\n').length + 1;
    const lines = chunk.split('\n').filter((content) => !content.startsWith('#') && content !== '');
    const head = lines.shift();
    if (head === undefined) continue;
    const [word, kind, wanted] = head.split(' ');
    if (word === 'user') {
      user = kind as string;
      continue;
    }
    const rule = lines.indexOf('----');
    const sql = lines.slice(0, rule < 0 ? undefined : rule).join('\n');
    const below = rule < 0 ? [] : lines.slice(rule + 1);
    if (word === 'statement' && (kind === 'ok' || kind === 'count' || kind === 'error')) {
      blocks.push({ line: start, user, kind, wanted, sql, below });
    } else if (word === 'query' && (kind === undefined || kind === 'sorted')) {
      blocks.push({ line: start, user, kind: kind ?? 'query', sql, below });
    } else {
      throw new Error(`Line ${start}: "${head}" starts no block`);
    }
  }
  return blocks;
}
