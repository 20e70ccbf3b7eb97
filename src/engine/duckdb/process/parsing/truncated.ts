/** The units that `date_trunc` cuts to, and constants that are certainly cut to one. */
import { isNode, nodesOf, type SyntaxNode, type SyntaxValue, textOf } from './syntax-tree.js';

export interface Unit {
  name: string;
  /** A day or longer. */
  isOfDays: boolean;
  isStart(moment: Moment): boolean;
}

/** In UTC, or in whatever zone a text without an offset is read in. */
type Moment = { year: number; month: number; day: number; hour: number; minute: number; second: number };

const startsMinute = ({ second }: Moment) => second === 0;
const startsHour = (moment: Moment) => moment.minute === 0 && startsMinute(moment);
const startsDay = (moment: Moment) => moment.hour === 0 && startsHour(moment);
const startsMonth = (moment: Moment) => moment.day === 1 && startsDay(moment);
const startsYear = (moment: Moment) => moment.month === 1 && startsMonth(moment);

function startsWeek(moment: Moment): boolean {
  const { year, month, day } = moment;
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() === 1 && startsDay(moment);
}

const WRITTEN: [words: string, isStart: Unit['isStart'], isOfDays?: boolean][] = [
  ['decade decades dec decs', (moment) => moment.year % 10 === 0 && startsYear(moment)],
  ['year years y yr yrs', startsYear],
  ['quarter quarters', (moment) => moment.month % 3 === 1 && startsMonth(moment)],
  ['month months mon mons', startsMonth],
  ['week weeks w', startsWeek],
  ['day days d dayofmonth', startsDay],
  ['hour hours hr hrs h', startsHour, false],
  ['minute minutes min mins m', startsMinute, false],
];

const UNITS = new Map<string, Unit>(
  WRITTEN.flatMap(([words, isStart, isOfDays = true]) => {
    const names = words.split(' ');
    return names.map((word): [string, Unit] => [word, { name: names[0] as string, isOfDays, isStart }]);
  }),
);

/** The unit of a constant; undefined for one that is told in another way, or seldom used. */
export function unitOf(node: SyntaxNode | undefined): Unit | undefined {
  const text = node && constantText(node);
  return text === undefined ? undefined : UNITS.get(text.toLowerCase());
}

/** Whether `date_trunc` to the unit leaves the expression as it is, or the expression hangs on a row, so that it is no constant. */
export function isTruncated(
  value: SyntaxValue | undefined,
  unit: Unit | undefined,
  meant: (value: SyntaxValue | undefined) => SyntaxNode | undefined,
): boolean {
  const node = meant(value);
  if (!node || hangsOnRow(node, meant)) return true;
  if (!unit) return false;
  const [first, second] = nodesOf(node.children);
  switch (textOf(node.function_name).toLowerCase()) {
    case 'date_trunc':
    case 'datetrunc':
      return unitOf(first)?.name === unit.name;
    case '+':
    case '-':
      return isTruncated(first, unit, meant) && isCountOf(second, unit);
    case 'today':
      return unit.name === 'day';
    default:
      break;
  }
  if (isToday(node)) return unit.name === 'day';
  const moment = momentOf(node);
  return moment !== undefined && unit.isStart(moment);
}

function hangsOnRow(node: SyntaxNode, meant: (value: SyntaxValue | undefined) => SyntaxNode | undefined): boolean {
  if (node.class === 'SUBQUERY') return true;
  if (node.class === 'COLUMN_REF') {
    const named = meant(node);
    return named === node ? !isMoment(node) : named !== undefined && hangsOnRow(named, () => undefined);
  }
  return Object.values(node).some((child) =>
    (Array.isArray(child) ? child : [child]).some((each) => isNode(each) && hangsOnRow(each, meant)),
  );
}

/** Names without parentheses that are constant in a statement. */
function isMoment({ column_names: names }: SyntaxNode): boolean {
  return (
    Array.isArray(names) && names.length === 1 && /^(?:current_\w+|localtime|localtimestamp)$/i.test(textOf(names[0]))
  );
}

function isToday({ class: kind, column_names: names }: SyntaxNode): boolean {
  return kind === 'COLUMN_REF' && Array.isArray(names) && textOf(names[0]).toLowerCase() === 'current_date';
}

/** Whether an interval is of whole units, or a number of days. */
function isCountOf(node: SyntaxNode | undefined, unit: Unit): boolean {
  if (!node) return false;
  if (node.class === 'CONSTANT') return unit.name === 'day' && typeof constantOf(node) === 'number';
  const made = /^to_(\w+)$/.exec(textOf(node.function_name).toLowerCase())?.[1];
  if (made !== undefined) return UNITS.get(made)?.name === unit.name;
  const text = typeOf(node) === 'INTERVAL' && isNode(node.child) ? constantText(node.child) : undefined;
  const written = /^\s*[+-]?\d+\s+([a-z]+)\s*$/i.exec(text ?? '')?.[1];
  return written !== undefined && UNITS.get(written.toLowerCase())?.name === unit.name;
}

const ZONELESS = /^\s*(\d{4})-(\d\d?)-(\d\d?)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.0*)?)?\s*$/;

/** Of a text, or one that is cast to a date or moment. */
function momentOf(node: SyntaxNode): Moment | undefined {
  const isCast = /^(?:DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE)$/.test(typeOf(node) ?? '');
  const text = constantText(isCast && isNode(node.child) ? node.child : node);
  const written = ZONELESS.exec(text ?? '')?.slice(1);
  if (!written) return undefined;
  const [year, month, day, hour, minute, second] = written.map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { year, month, day, hour, minute, second };
}

function typeOf({ class: kind, cast_type: type }: SyntaxNode): string | undefined {
  return kind === 'CAST' && isNode(type) ? textOf(type.id) : undefined;
}

function constantText(node: SyntaxNode): string | undefined {
  const value = constantOf(node);
  return typeof value === 'string' ? value : undefined;
}

function constantOf(node: SyntaxNode): SyntaxValue | undefined {
  return node.class === 'CONSTANT' && isNode(node.value) ? node.value.value : undefined;
}
