/** The expressions of a row filter (Iceberg expressions specification; Iceberg REST specification, `required-row-filter`). */
import { quoted, RuleViolation } from './violation.js';

export type Comparison = 'lt' | 'lt-eq' | 'gt' | 'gt-eq' | 'eq' | 'not-eq' | 'starts-with' | 'not-starts-with';
export type UnaryTest = 'is-null' | 'not-null' | 'is-nan' | 'not-nan';

/** A column by its field id. */
export interface Reference {
  kind: 'reference';
  id: number;
}

/** A constant as JSON, and the name of its type where the filter says it. */
export interface Constant {
  kind: 'constant';
  value: unknown;
  dataType?: string;
}

export type Operand = Reference | Constant;

export type Predicate =
  | { op: 'true' | 'false' }
  | { op: 'and' | 'or'; operands: Predicate[] }
  | { op: 'not'; operand: Predicate }
  | { op: UnaryTest; child: Reference }
  | { op: Comparison; left: Operand; right: Operand }
  | { op: 'in' | 'not-in'; child: Reference; values: Constant[] };

const DEEPEST = 100;
const MOST_NODES = 10_000;

/** Parses a filter strictly. Whatever is not known in every detail: RuleViolation. */
export function parsePredicate(json: unknown): Predicate {
  return new PredicateParser().predicate(json, 0);
}

type JsonObject = Record<string, unknown>;

class PredicateParser {
  #nodes = 0;

  predicate(json: unknown, depth: number): Predicate {
    this.#count();
    if (depth > DEEPEST) throw new RuleViolation(`it is nested more than ${DEEPEST} levels deep`);
    if (typeof json === 'boolean') return { op: json ? 'true' : 'false' };
    const object = objectOf(json, 'a predicate');
    const op = object.type;
    switch (op) {
      case 'true':
      case 'false':
        closed(object, ['type']);
        return { op };
      case 'and':
      case 'or':
        return { op, operands: this.#operands(op, object, depth + 1) };
      case 'not':
        closed(object, ['type', 'child']);
        return { op, operand: this.predicate(object.child, depth + 1) };
      case 'is-null':
      case 'not-null':
      case 'is-nan':
      case 'not-nan':
        closed(object, ['type', 'child']);
        return { op, child: this.#reference(object.child) };
      case 'lt':
      case 'lt-eq':
      case 'gt':
      case 'gt-eq':
      case 'eq':
      case 'not-eq':
      case 'starts-with':
      case 'not-starts-with':
        closed(object, ['type', 'left', 'right']);
        return { op, left: this.#operand(object.left), right: this.#operand(object.right) };
      case 'in':
      case 'not-in':
        closed(object, ['type', 'child', 'values']);
        return { op, child: this.#reference(object.child), values: this.#values(object.values) };
      default:
        throw new RuleViolation(`it has a predicate${quoted(op)} that is not known`);
    }
  }

  /** What a chain of one conjunction, or disjunction, is made of. */
  #operands(op: 'and' | 'or', chain: JsonObject, depth: number): Predicate[] {
    const operands: Predicate[] = [];
    const open: unknown[] = [chain];
    while (open.length > 0) {
      const json = open.pop();
      if (!isChain(json, op)) {
        operands.push(this.predicate(json, depth));
        continue;
      }
      this.#count();
      closed(json, ['type', 'left', 'right']);
      open.push(json.right, json.left);
    }
    return operands;
  }

  #reference(json: unknown): Reference {
    const operand = this.#operand(json);
    if (operand.kind !== 'reference') throw new RuleViolation('it tests something that is no column');
    return operand;
  }

  #operand(json: unknown): Operand {
    this.#count();
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return constant(json);
    const object = json as JsonObject;
    switch (object.type) {
      case 'reference':
        if ('name' in object) throw new RuleViolation('it refers to a column by name, and not by field id');
        closed(object, ['type', 'id']);
        return { kind: 'reference', id: fieldId(object.id) };
      case 'literal':
        closed(object, ['type', 'value', 'data-type']);
        return constant(object.value, object['data-type']);
      case 'apply':
      case 'transform':
        throw new RuleViolation('it applies a function');
      default:
        throw new RuleViolation(`it has a value${quoted(object.type)} that is not known`);
    }
  }

  #values(json: unknown): Constant[] {
    if (Array.isArray(json)) {
      return json.map((value) => {
        const operand = this.#operand(value);
        if (operand.kind !== 'constant') throw new RuleViolation('a set of it holds something that is no constant');
        return operand;
      });
    }
    const object = objectOf(json, 'a set');
    if (object.type !== 'literals') throw new RuleViolation(`it has a set${quoted(object.type)} that is not known`);
    closed(object, ['type', 'values', 'data-type']);
    if (!Array.isArray(object.values)) throw new RuleViolation('a set of it has no values');
    return object.values.map((value) => {
      this.#count();
      return constant(value, object['data-type']);
    });
  }

  #count(): void {
    if (++this.#nodes > MOST_NODES) throw new RuleViolation(`it has more than ${MOST_NODES} parts`);
  }
}

function isChain(json: unknown, op: string): json is JsonObject {
  return typeof json === 'object' && json !== null && (json as JsonObject).type === op;
}

function constant(value: unknown, dataType?: unknown): Constant {
  if (value === null || value === undefined) throw new RuleViolation('it has a constant without a value');
  if (typeof value === 'object') throw new RuleViolation('it has a constant that is no single value');
  if (dataType === undefined) return { kind: 'constant', value };
  if (typeof dataType !== 'string') throw new RuleViolation('it has a constant whose type is no name');
  return { kind: 'constant', value, dataType };
}

/** A field id of the specification: an integer from 1 on. */
export function fieldId(json: unknown): number {
  if (typeof json === 'number' && Number.isInteger(json) && json >= 1 && json <= 2_147_483_647) return json;
  throw new RuleViolation('a field id is missing or no positive integer');
}

export function objectOf(json: unknown, what: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw new RuleViolation(`${what} is no object`);
}

/** Members that are not known could restrict further. */
export function closed(object: JsonObject, known: readonly string[]): void {
  const odd = Object.keys(object).find((key) => !known.includes(key));
  if (odd !== undefined) throw new RuleViolation(`it has a member${quoted(odd)} that is not known`);
}
