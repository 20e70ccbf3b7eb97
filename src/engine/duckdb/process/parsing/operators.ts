/**
 * Operators that DuckDB's optimiser computes with, and gets wrong for some constants, and the macros that it does not see through.
 *
 * - `x * -1 > constant` becomes `x < -constant`, and false where that has no place in the type of x: for the smallest of its values.
 * - `x + 1 > constant`, and the same of `-` and `*`, fails for a constant of UBIGINT, and is turned round for one of UHUGEINT, that a signed number of as many
 *   bits can't hold.
 * - `text LIKE 'prefix_%'` becomes a range that ends where the last byte of the prefix is one more, which is no text behind the last of 64
 *   characters, such as `ÿ`, and fails.
 */
import type { FunctionCorrection, FunctionDefinition } from '../../contract.js';
import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from './syntax-tree.js';

type Operator = '+' | '-' | '*' | '~~';

const own = (operator: Operator, ...operands: string[]) => `system.main."${operator}"(${operands.join(', ')})`;
const whole = (operator: Operator) => ({ parameters: ['a', 'b'], body: `coalesce(${own(operator, 'a', 'b')}, NULL)` });
const alone = (operator: Operator) => ({ parameters: ['a'], body: own(operator, 'a') });

/** The number of the character that the prefix of a pattern ends with; -1 without a prefix, or without anything behind it. */
const LAST = "unicode(right(regexp_extract(pattern, '^([^%_]+)[%_]', 1), 1))";

const BODIES: Record<Operator, FunctionDefinition['overloads']> = {
  '+': [alone('+'), whole('+')],
  '-': [alone('-'), whole('-')],
  '*': [whole('*')],
  '~~': [
    {
      parameters: ['text', 'pattern'],
      body: `CASE WHEN ${LAST} > 63 AND (${LAST} & 63) = 63 THEN like_escape("text", pattern, '') ELSE ${own('~~', '"text"', 'pattern')} END`,
    },
  ],
};

const SMALLEST = new Set([7n, 15n, 31n, 63n, 127n].map((bits) => String(-(2n ** bits))));
const LARGEST_SIGNED = 2n ** 63n - 1n;
const LARGE_TYPES = new Set(['UBIGINT', 'UHUGEINT']);
const LARGE_FUNCTIONS = new Set(['hash', 'md5_number', 'md5_number_lower', 'md5_number_upper']);

/** What the operators of a text are used with, wherever: a query around it may compare what it computes. */
export class OperatorUses {
  readonly #computedWith = new Set<Operator>();
  #negates = false;
  #comparesSmallest = false;
  #hasLarge = false;
  #isOddlyLike = false;

  see(node: SyntaxNode): void {
    const { class: kind, type } = node;
    if (kind === 'FUNCTION') this.#seeFunction(node);
    else if (kind === 'CONSTANT') this.#hasLarge ||= isLarge(numberOf(node));
    else if (kind === 'CAST') this.#hasLarge ||= isNode(node.cast_type) && LARGE_TYPES.has(textOf(node.cast_type.id));
    else if (kind === 'COMPARISON') this.#compare(node.left, node.right);
    else if (kind === 'BETWEEN') this.#compare(node.lower, node.upper);
    else if (type === 'COMPARE_IN' || type === 'COMPARE_NOT_IN') this.#compare(...nodesOf(node.children).slice(1));
  }

  get corrections(): FunctionCorrection[] {
    const names = new Set<Operator>(this.#hasLarge ? this.#computedWith : []);
    if (this.#negates && this.#comparesSmallest) names.add('*');
    if (this.#isOddlyLike) names.add('~~');
    return [...names].map((name) => ({ name, hides: 'operators', overloads: BODIES[name] }));
  }

  #seeFunction({ function_name: called, children }: SyntaxNode): void {
    const name = textOf(called).toLowerCase();
    const operands = nodesOf(children);
    if (LARGE_FUNCTIONS.has(name)) this.#hasLarge = true;
    else if (name === '~~') this.#isOddlyLike ||= isOddPattern(operands[1]);
    else if ((name === '+' || name === '-' || name === '*') && operands.length === 2) {
      const constants = operands.filter(isConstant);
      if (constants.length === 0) return;
      this.#computedWith.add(name);
      this.#negates ||= name === '*' && constants.some((node) => node.class !== 'CONSTANT' || numberOf(node) === '-1');
    }
  }

  #compare(...others: (SyntaxValue | undefined)[]): void {
    this.#comparesSmallest ||= others.some(
      (node) => isNode(node) && isConstant(node) && (node.class !== 'CONSTANT' || SMALLEST.has(numberOf(node) ?? '')),
    );
  }
}

/** The number of a literal in digits; empty where JSON has not all of them, undefined for other literals. */
function numberOf({ value: constant }: SyntaxNode): string | undefined {
  if (!isNode(constant) || !isNode(constant.type) || !/INT/.test(textOf(constant.type.id))) return undefined;
  const { value } = constant;
  if (!isNode(value)) return String(value);
  const isSmallest =
    String(value.upper) === '-1' && /^9223372036854775808$|^9223372036854776000$/.test(String(value.lower));
  return isSmallest ? String(-(2n ** 63n)) : '';
}

function isLarge(digits: string | undefined): boolean {
  return digits !== undefined && (digits === '' || (/^\d+$/.test(digits) && BigInt(digits) > LARGEST_SIGNED));
}

function isOddPattern(node: SyntaxNode | undefined): boolean {
  if (!node) return false;
  if (node.class === 'COLUMN_REF') return true;
  if (node.class !== 'CONSTANT') return isConstant(node);
  const prefix = /^([^%_]+)[%_]/s.exec(isNode(node.value) ? textOf(node.value.value) : '')?.[1] ?? '';
  const last = prefix === '' ? 0 : (([...prefix].at(-1) as string).codePointAt(0) as number);
  return last > 63 && (last & 63) === 63;
}

/** Whether it is the same for all rows. */
function isConstant(node: SyntaxNode): boolean {
  if (node.class === 'COLUMN_REF' || node.class === 'SUBQUERY' || node.class === 'STAR') return false;
  return Object.values(node).every((child) =>
    (Array.isArray(child) ? child : [child]).every((each) => !isNode(each) || isConstant(each)),
  );
}
