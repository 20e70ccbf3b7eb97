/**
 * `{fn name(…)}`: the scalar functions of ODBC and JDBC that the engine lacks, or calls by another name, or takes for something else
 * (ODBC Programmer's Reference, appendix E; JDBC 4.3, appendix C). All others are called as they are.
 */
import { syntaxError, type Token, type Tokens } from '../../sql/index.js';
import type { Edit } from '../syntax/rewrite.js';
import { SIZED, singleField, typeNamed } from './conversions.js';

/** One escape, by the indexes of its tokens. */
export interface FunctionEscape {
  open: number;
  close: number;
  /** The bracket that closes the arguments, and the commas between those. */
  call?: { close: number; commas: number[] } | undefined;
}

interface Call extends Required<FunctionEscape> {
  tokens: Tokens;
  name: Token;
  call: { close: number; commas: number[] };
}

type Rewrite = (call: Call) => Edit[];

/** What takes the place of the escape. Wrong arguments: INVALID_ARGUMENT. */
export function functionEdits(tokens: Tokens, { open, close, call }: FunctionEscape): Edit[] {
  const name = tokens.at(open + 2) as Token;
  if (!tokens.isName(open + 2)) throw syntaxError(tokens.text, name.start, 'The escape {fn …} takes a function');
  const end = blank(tokens, close);
  const withoutBrackets = Object.hasOwn(CONSTANTS, name.keyword) ? CONSTANTS[name.keyword] : undefined;
  if (withoutBrackets && close === open + 3) return [headOf(tokens, open, replace(name, withoutBrackets)), end];
  if (call === undefined || call.close !== close - 1) {
    if (tokens.isSymbol(open + 3, '.')) return [blank(tokens, open), blank(tokens, open + 1), end];
    const place = call === undefined ? open + 3 : call.close + 1;
    const expected = call === undefined ? `"(" behind ${name.text}` : '"}" behind the function';
    throw syntaxError(tokens.text, tokens.start(place), `Expected ${expected}`);
  }
  const rewrite = Object.hasOwn(REWRITES, name.keyword) ? REWRITES[name.keyword] : undefined;
  const edits = rewrite?.({ tokens, open, close, name, call }) ?? [];
  const rename = edits.find(({ start }) => start === name.start);
  if (!rename) return [blank(tokens, open), blank(tokens, open + 1), ...edits, end];
  return [headOf(tokens, open, rename), ...edits.filter((edit) => edit !== rename), end];
}

/** The edit of a name together with what is in front of it, as long as that was where it can be. */
function headOf(tokens: Tokens, open: number, { start, end, text }: Edit): Edit {
  const [brace, word] = [tokens.start(open), tokens.start(open + 1)];
  const before = ` ${tokens.text.slice(brace + 1, word)}  ${tokens.text.slice(word + 2, start)}`;
  const longer = Math.max(0, text.length - (end - start));
  const blanks = /^ +/.exec(before)?.[0].length ?? 0;
  const head = before.slice(Math.min(longer, blanks - 1));
  return { start: brace, end, text: head + text.padEnd(end - start) };
}

/** Functions without arguments. Dates and times are those of the session's time zone, without it. */
const CONSTANTS: Record<string, string> = {
  CURDATE: 'current_date',
  CURRENT_DATE: 'current_date',
  CURTIME: 'CAST(CAST(now() AS TIMESTAMP) AS TIME)',
  CURRENT_TIME: 'CAST(CAST(now() AS TIMESTAMP) AS TIME)',
  NOW: 'CAST(now() AS TIMESTAMP)',
  CURRENT_TIMESTAMP: 'CAST(now() AS TIMESTAMP)',
  DATABASE: 'current_database()',
  USER: 'current_user',
};

const REWRITES: Record<string, Rewrite> = {
  ...Object.fromEntries(Object.keys(CONSTANTS).map((name) => [name, constant])),
  CURRENT_TIME: (call) => (countArguments(call) === 0 ? constant(call) : macro(0, 1)(call)),
  CURRENT_TIMESTAMP: (call) => (countArguments(call) === 0 ? constant(call) : macro(0, 1)(call)),
  BIT_LENGTH: macro(1),
  CHAR: renamed('chr', 1),
  CHAR_LENGTH: counted(1, renamed('char_length', 1)),
  CHARACTER_LENGTH: counted(1, renamed('character_length', 1)),
  CONCAT: macro(2),
  CONVERT: convert,
  DAYOFWEEK: dayOfWeek,
  DIFFERENCE: macro(2),
  INSERT: macro(4),
  LENGTH: counted(1, macro(1)),
  LOCATE: macro(2, 3),
  LOG: renamed('ln', 1),
  OCTET_LENGTH: macro(1),
  POSITION: counted(1, () => []),
  RAND: (call) => (countArguments(call) === 0 ? [renameTo(call, 'random')] : macro(0, 1)(call)),
  SOUNDEX: macro(1),
  SPACE: macro(1),
  SUBSTRING: counted(3, () => []),
  TIMESTAMPADD: ofUnit,
  TIMESTAMPDIFF: ofUnit,
  TRUNCATE: macro(2),
};

function constant(call: Call): Edit[] {
  expectArguments(call, 0, 0);
  const { tokens, name } = call;
  return [{ start: name.start, end: tokens.end(call.call.close), text: CONSTANTS[name.keyword] as string }];
}

/** Calls a function of `macros.ts`. */
function macro(least: number, most = least): Rewrite {
  return (call) => {
    expectArguments(call, least, most);
    return [renameTo(call, `fn_${call.name.keyword.toLowerCase()}`)];
  };
}

function renamed(to: string, count: number): Rewrite {
  return (call) => {
    expectArguments(call, count, count);
    return [renameTo(call, to)];
  };
}

/** Functions that take the unit to count in as one argument more than `count`: CHARACTERS, or OCTETS where that has a function. */
function counted(count: number, otherwise: Rewrite): Rewrite {
  return (call) => {
    if (countArguments(call) !== count + 1) return otherwise(call);
    const { tokens, name } = call;
    const { commas, close } = call.call;
    const comma = commas[count - 1] as number;
    const unit = tokens.at(comma + 1)?.keyword ?? '';
    const isOctets = unit === 'OCTETS' && /LENGTH$/.test(name.keyword);
    if (comma + 2 !== close || (unit !== 'CHARACTERS' && !isOctets)) {
      const known = /LENGTH$/.test(name.keyword) ? 'CHARACTERS or OCTETS' : 'CHARACTERS';
      throw syntaxError(tokens.text, tokens.start(comma + 1), `${name.keyword} counts in ${known}`);
    }
    const shorter = { ...call, call: { close, commas: commas.slice(0, -1) } };
    const edits = isOctets ? [renameTo(call, 'fn_octet_length')] : otherwise(shorter);
    return [...edits, blank(tokens, comma), blank(tokens, comma + 1)];
  };
}

const UNITS = ['FRAC_SECOND', 'SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR'];

/** TIMESTAMPADD and TIMESTAMPDIFF, whose first argument is `SQL_TSI_…`. */
function ofUnit(call: Call): Edit[] {
  expectArguments(call, 3, 3);
  const { tokens, open } = call;
  const unit = tokens.at(open + 4) as Token;
  const name = unit.keyword.replace(/^SQL_TSI_/, '');
  if (!UNITS.includes(name) || call.call.commas[0] !== open + 5) {
    const known = UNITS.map((known) => `SQL_TSI_${known}`).join(', ');
    throw syntaxError(tokens.text, unit.start, `${call.name.keyword} takes one of ${known} first`);
  }
  const [second, third] = call.call.commas as [number, number];
  const ends = call.name.keyword === 'TIMESTAMPADD' ? [third, call.call.close] : [second, third, call.call.close];
  return [
    ...macro(3)(call),
    replace(unit, `'${name.toLowerCase()}'`),
    ...typed(tokens, ends, 'TIMESTAMP', 'fn_moment('),
  ];
}

function dayOfWeek(call: Call): Edit[] {
  return [...macro(1)(call), ...typed(call.tokens, [call.open + 3, call.call.close], 'TIMESTAMP', 'fn_moment(')];
}

/**
 * Opens something around each argument between two of the tokens, which are neighbours, and closes it; a parameter, which has no type of
 * its own, is cast instead, since the engine chooses among macros by the types of their arguments.
 */
function typed(tokens: Tokens, ends: number[], type: string, opening: string): Edit[] {
  return ends.map((end, index) => {
    const token = tokens.at(end) as Token;
    const isParameter = (at: number) => tokens.kind(at) === 'parameter';
    const isCast = (from: number | undefined, to: number | undefined) =>
      from !== undefined && to === from + 2 && isParameter(from + 1);
    const [before, after] = [ends[index - 1], ends[index + 1]];
    const closes = before === undefined ? '' : isCast(before, end) ? ` AS ${type})` : opening && ')';
    const opens = after === undefined ? '' : isCast(end, after) ? 'CAST(' : opening;
    return replace(token, `${closes}${token.text}${opens}`);
  });
}

/** `CONVERT(value, SQL_INTEGER)` becomes a cast. */
function convert(call: Call): Edit[] {
  expectArguments(call, 2, 2);
  const { tokens } = call;
  const comma = call.call.commas[0] as number;
  const word = tokens.at(comma + 1) as Token;
  const type = typeNamed(word.keyword);
  const isSized = tokens.isSymbol(comma + 2, '(') && SIZED.has(type ?? '');
  if (type === undefined || (!isSized && call.call.close !== comma + 2)) {
    throw syntaxError(tokens.text, word.start, 'CONVERT takes the name of a type second, such as SQL_INTEGER');
  }
  const field = singleField(word.keyword);
  if (field) {
    const value = typed(tokens, [call.open + 3, comma], 'VARCHAR', '');
    return [renameTo(call, 'fn_interval'), replace(word, `'${field}'`), ...value];
  }
  const sized = { start: word.start, end: tokens.start(call.call.close), text: type };
  return [
    renameTo(call, 'CAST'),
    { start: tokens.start(comma), end: tokens.end(comma), text: ' AS ' },
    type === 'DECIMAL' ? replace(word, type) : sized,
  ];
}

function countArguments({ open, call }: Call): number {
  return call.close === open + 4 ? 0 : call.commas.length + 1;
}

function expectArguments(call: Call, least: number, most: number): void {
  const count = countArguments(call);
  if (count >= least && count <= most) return;
  const wanted = least === most ? `${least}` : `${least} to ${most}`;
  const sentence = `${call.name.keyword} takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${count}`;
  throw syntaxError(call.tokens.text, call.name.start, sentence);
}

function renameTo({ name }: Call, to: string): Edit {
  return replace(name, to);
}

function replace({ start, end }: Token, text: string): Edit {
  return { start, end, text };
}

/** As many spaces, so that the engine finds what is behind them at the places where it stands. */
export function blank(tokens: Tokens, index: number): Edit {
  const [start, end] = [tokens.start(index), tokens.end(index)];
  return { start, end, text: ' '.repeat(end - start) };
}
