/** The answer of `EXPLAIN (FORMAT json)` as a picture: what is read of each table, and the operators as a tree. */
import type { PlanOperator } from '../../../src/engine/contract.js';
import { bytesText, count, rowsText, timeText } from './text.js';

interface TableRead {
  table: string;
  columns: string[];
  filesPlanned?: number;
  filesTotal?: number;
  bytesPlanned?: number;
  prunedBy?: { reason: string; files: number }[];
  filtersRows?: boolean;
  masked?: { name: string; action: string }[];
}

interface Explained {
  engine?: { name: string; reason: string };
  tables: TableRead[];
  /** A text where another engine describes it in its own words. */
  plan: PlanOperator | string;
}

/** Lines are drawn as they are. */
export function PlanView({ text }: { text: string }) {
  const explained = explainedIn(text);
  if (explained === undefined) {
    return (
      <pre class="plan" role="region" tabIndex={0} aria-label="Plan">
        {text}
      </pre>
    );
  }
  const { engine, tables, plan } = explained;
  return (
    <div class="plan operators" role="region" tabIndex={0} aria-label="Plan">
      {engine !== undefined && (
        <p class="quiet">
          Runs on {engine.name}, since {engine.reason}.
        </p>
      )}
      {tables.map((table, index) => (
        <p key={index}>
          <strong>{table.table}</strong> <span class="quiet">{readText(table)}</span>
        </p>
      ))}
      {typeof plan === 'string' ? <pre>{plan}</pre> : <OperatorTree plan={plan} />}
    </div>
  );
}

export function OperatorTree({ plan }: { plan: PlanOperator }) {
  return (
    <ul>
      <OperatorNode node={plan} />
    </ul>
  );
}

function OperatorNode({ node }: { node: PlanOperator }) {
  const { operator, table, details, children } = node;
  return (
    <li>
      <div class="operator">
        <strong>{operator}</strong>
        {table !== undefined && <span> {table}</span>}
        <span class="quiet"> {figuresOf(node)}</span>
        {Object.entries(details).map(([key, values]) => (
          <div key={key} class="detail">
            <span class="quiet">{key}</span> <code>{values.join(', ')}</code>
          </div>
        ))}
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child, index) => (
            <OperatorNode key={index} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

function figuresOf({ rows, estimatedRows, seconds }: PlanOperator): string {
  return [
    ...(rows === undefined ? [] : [rowsText(rows)]),
    ...(estimatedRows === undefined ? [] : [`~${rowsText(estimatedRows)}${rows === undefined ? '' : ' estimated'}`]),
    ...(seconds === undefined ? [] : [timeText(seconds * 1000)]),
  ].join(', ');
}

function readText({
  columns,
  filesPlanned,
  filesTotal,
  bytesPlanned,
  prunedBy,
  filtersRows,
  masked,
}: TableRead): string {
  return [
    columns.length === 0 ? 'no column' : columns.join(', '),
    ...(filesPlanned === undefined ? [] : [`${count(filesPlanned)} of ${count(filesTotal ?? filesPlanned)} files`]),
    ...(prunedBy ?? [])
      .filter(({ files }) => files > 0)
      .map(({ reason, files }) => `${count(files)} left out by ${reason}`),
    ...(bytesPlanned === undefined ? [] : [bytesText(bytesPlanned)]),
    ...(filtersRows ? ['the rows that you may see'] : []),
    ...(masked ?? []).map(({ name, action }) => `${name} masked by ${action}`),
  ].join(' · ');
}

function explainedIn(text: string): Explained | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Explained>;
    return value.plan === undefined || value.tables === undefined ? undefined : (value as Explained);
  } catch {
    return undefined;
  }
}
