/**
 * What DuckDB's optimiser would get wrong, and what to write instead.
 *
 * - `a = b OR (a IS NULL AND b IS NULL)` becomes `a IS NOT DISTINCT FROM b`, which is false where only one of them is null and the text says
 *   NULL. Where a row is only kept or dropped by it, that makes no difference, and joins need it.
 * - `date_trunc(unit, column) = constant` becomes false, and `<>` true, for nulls too, where the constant lies inside of a unit.
 * - `date_trunc('hour', day)` of a DATE is compared as if the next hour were of the same day.
 * - The text of a TIMESTAMPTZ is compared with a constant as if that were a moment, or NULL where it is none.
 * - Some operators fail or are turned round, see `OperatorUses`.
 *
 * And what its ASOF JOIN does: of keys that are bytes, one that begins another is taken for equal to it now and then.
 */
import type { Tokens } from '../../../../sql/index.js';
import { TEXT_OF } from '../../../text-of.js';
import type { FunctionCorrection, FunctionDefinition, ParsedQuery, TextEdit } from '../../contract.js';
import { OperatorUses } from './operators.js';
import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from './syntax-tree.js';
import { isTruncated, unitOf } from './truncated.js';

/** A text that something is added to is none that the optimiser takes back to what it was made of. */
const ADDED = " || ''";

/** What stands for a key of an ASOF JOIN: bytes as text. */
const KEY_OF = 'skua_key';

/**
 * What stands for `date_trunc`, whose argument is never a column to the optimiser, and for the text of what may be a moment. Neither goes by the type of
 * a parameter: the engine does not know it where a subquery names a column of the query around it, and takes the first of several.
 */
const BODIES: Record<Exclude<FunctionCorrection['hides'], 'operators'>, FunctionDefinition['overloads']> = {
  columns: [{ parameters: ['unit', 'x'], body: 'system.main.date_trunc(unit, coalesce(x, NULL))' }],
  moments: [
    {
      parameters: ['x'],
      body: `CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN CAST(x AS VARCHAR)${ADDED} ELSE CAST(x AS VARCHAR) END`,
    },
  ],
  bytes: [
    { parameters: [{ name: 'x', type: 'BLOB' }], body: 'hex(x)' },
    { parameters: ['x'], body: 'x' },
  ],
};

/** Parts of a node in which NULL is as good as false. */
const CONDITIONS = new Set(['where_clause', 'having', 'qualify', 'condition', 'filter', 'when_expr']);

export function correctionsOf(
  tree: SyntaxNode,
  tokens: Tokens,
  characterOffset: (byteOffset: number) => number,
): ParsedQuery['corrections'] {
  const misread = new Misread(tokens, characterOffset);
  misread.visit(tree, false);
  return misread.corrections;
}

class Misread {
  readonly #tokens: Tokens;
  readonly #characterOffset: (byteOffset: number) => number;
  readonly #edits = new Map<number, TextEdit>();
  readonly #functions = new Map<string, keyof typeof BODIES>();
  readonly #operators = new OperatorUses();
  /** What the names that the SELECT gives to its columns stand for, in lower case. */
  #aliases = new Map<string, SyntaxNode>();

  constructor(tokens: Tokens, characterOffset: (byteOffset: number) => number) {
    this.#tokens = tokens;
    this.#characterOffset = characterOffset;
  }

  get corrections(): ParsedQuery['corrections'] {
    const functions = [...this.#functions].map(([name, hides]) => ({ name, hides, overloads: BODIES[hides] }));
    return { edits: [...this.#edits.values()], functions: [...functions, ...this.#operators.corrections] };
  }

  visit(value: SyntaxValue | undefined, isCondition: boolean): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item, isCondition);
      return;
    }
    if (!isNode(value)) return;
    const around = this.#aliases;
    if (value.type === 'SELECT_NODE') this.#aliases = aliasesOf(value);
    this.#inspect(value, isCondition);
    const passesOn = value.class === 'CONJUNCTION' && isCondition;
    for (const [key, child] of Object.entries(value)) this.visit(child, passesOn || CONDITIONS.has(key));
    this.#aliases = around;
  }

  #inspect(node: SyntaxNode, isCondition: boolean): void {
    this.#operators.see(node);
    const { class: kind, type } = node;
    if (kind === 'COMPARISON') {
      const isEqual = type === 'COMPARE_EQUAL' || type === 'COMPARE_NOTEQUAL';
      this.#compare(node.left, [node.right], isEqual);
      this.#compare(node.right, [node.left], isEqual);
      this.#compareText(node.left, node.right);
    } else if (kind === 'BETWEEN') {
      this.#compare(node.input, [node.lower, node.upper], false);
      this.#compareText(node.input, node.lower, node.upper);
    } else if (type === 'COMPARE_IN' || type === 'COMPARE_NOT_IN') {
      const [tested, ...others] = nodesOf(node.children);
      this.#compare(tested, others, true);
    } else if (node.ref_type === 'ASOF' && isNode(node.condition)) {
      this.#asofKeys(node.condition);
    } else if (type === 'CONJUNCTION_OR' && !isCondition) {
      for (const alternative of nodesOf(node.children)) this.#bothNull(alternative);
    }
  }

  #compare(written: SyntaxValue | undefined, others: readonly (SyntaxValue | undefined)[], isEqual: boolean): void {
    const truncation = this.#meant(written);
    const name = textOf(truncation?.function_name).toLowerCase();
    if (!truncation || (name !== 'date_trunc' && name !== 'datetrunc')) return;
    const unit = unitOf(nodesOf(truncation.children)[0]);
    const mayLieInside = isEqual && !others.every((other) => isTruncated(other, unit, (name) => this.#meant(name)));
    if (!mayLieInside && unit?.isOfDays) return;
    this.#functions.set(name, 'columns');
    if (textOf(truncation.schema) !== '') this.#unqualify(truncation, name);
  }

  #compareText(...written: (SyntaxValue | undefined)[]): void {
    for (const side of written) {
      const cast = this.#meant(side);
      if (cast?.class !== 'CAST' || !isNode(cast.cast_type) || cast.cast_type.id !== 'VARCHAR') continue;
      const end = this.#endOfCast(this.#token(cast));
      if (end === undefined) continue;
      if (isNode(cast.child) && cast.child.class === 'COLUMN_REF' && this.#callOnColumn(cast, cast.child, end)) {
        this.#functions.set(TEXT_OF, 'moments');
      } else this.#edit(this.#tokens.end(end), this.#tokens.end(end), ADDED);
    }
  }

  #asofKeys(condition: SyntaxNode): void {
    if (condition.type === 'CONJUNCTION_AND') for (const part of nodesOf(condition.children)) this.#asofKeys(part);
    if (condition.type !== 'COMPARE_EQUAL') return;
    const sides = [condition.left, condition.right].filter(isNode);
    if (sides.some((side) => side.class !== 'COLUMN_REF')) return;
    for (const side of sides) {
      const first = this.#token(side);
      const last = this.#endOfName(first);
      const written = this.#tokens.text.slice(this.#tokens.start(first), this.#tokens.end(last));
      this.#edit(this.#tokens.start(first), this.#tokens.end(last), `${KEY_OF}(${written})`);
    }
    this.#functions.set(KEY_OF, 'bytes');
  }

  /** Writes `CAST(column AS type)` and `column::type` as a call; false where they are written in another way. */
  #callOnColumn(cast: SyntaxNode, column: SyntaxNode, end: number): boolean {
    const tokens = this.#tokens;
    const [begin, first] = [this.#token(cast), this.#token(column)];
    const last = this.#endOfName(first);
    if (last + 1 === begin) {
      this.#edit(tokens.start(first), tokens.start(first), `${TEXT_OF}(`);
      this.#edit(tokens.start(begin), tokens.end(end), ')');
      return true;
    }
    if (first !== begin + 2 || tokens.at(last + 1)?.keyword !== 'AS') return false;
    this.#edit(tokens.start(begin), tokens.end(begin), TEXT_OF);
    this.#edit(tokens.end(last), tokens.start(end), '');
    return true;
  }

  /** The last token of `CAST(x AS type)`, or of the type of `x::type`; undefined for casts that are written in another way. */
  #endOfCast(first: number): number | undefined {
    const tokens = this.#tokens;
    const begins = tokens.at(first)?.text ?? '';
    const isPostfix = begins === '::';
    if (!isPostfix && !/^(?:TRY_)?CAST$/i.test(begins)) return undefined;
    let last = first + 1;
    if (isPostfix && tokens.isSymbol(last + 1, '(')) last++;
    for (let depth = tokens.nesting(last); depth > 0 && tokens.at(last + 1); ) depth += tokens.nesting(++last);
    return last;
  }

  #endOfName(first: number): number {
    let last = first;
    while (this.#tokens.isName(last) && this.#tokens.isSymbol(last + 1, '.')) last += 2;
    return last;
  }

  #edit(start: number, end: number, text: string): void {
    this.#edits.set(start, { start, end, text });
  }

  /** The expression, or the one that it names. */
  #meant(value: SyntaxValue | undefined): SyntaxNode | undefined {
    if (!isNode(value)) return undefined;
    const names = value.class === 'COLUMN_REF' && Array.isArray(value.column_names) ? value.column_names : [];
    return (names.length === 1 ? this.#aliases.get(textOf(names[0]).toLowerCase()) : undefined) ?? value;
  }

  /** Only a name without a schema is that of a macro. */
  #unqualify(call: SyntaxNode, name: string): void {
    const tokens = this.#tokens;
    const first = this.#token(call);
    const last = this.#endOfName(first);
    if (tokens.at(last)?.text.toLowerCase() === name) this.#edit(tokens.start(first), tokens.end(last), name);
  }

  #bothNull(alternative: SyntaxNode): void {
    if (alternative.type !== 'CONJUNCTION_AND') return;
    const [tested, ...others] = nodesOf(alternative.children).filter(({ type }) => type === 'OPERATOR_IS_NULL');
    if (!tested || others.length === 0) return;
    const first = this.#token(tested);
    const keyword = this.#tokens.at(first)?.keyword;
    if (keyword !== 'IS' && keyword !== 'ISNULL') return;
    const end = this.#tokens.end(keyword === 'IS' ? first + 1 : first);
    this.#edit(this.#tokens.start(first), end, ' IS NOT DISTINCT FROM NULL');
  }

  /** The token that a node begins with; -1 where it is not in the text. */
  #token({ query_location: location }: SyntaxNode): number {
    const offset = Number(location);
    return offset > this.#tokens.text.length * 4 ? -1 : this.#tokens.from(this.#characterOffset(offset));
  }
}

function aliasesOf(select: SyntaxNode): Map<string, SyntaxNode> {
  const aliases = new Map<string, SyntaxNode>();
  for (const item of nodesOf(select.select_list)) {
    const alias = textOf(item.alias).toLowerCase();
    if (alias !== '' && !aliases.has(alias)) aliases.set(alias, item);
  }
  return aliases;
}
