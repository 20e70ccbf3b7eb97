/** What a statement would read today, and the engine's plan as a tree: asked for only when somebody wants to see it. */
import { useSignal } from '@preact/signals';
import { rows } from '../data/small.js';
import { Show, useLoad } from '../ui/load.js';
import { PlanView } from '../ui/plan-tree.js';

export function Plan({ sql }: { sql: string }) {
  const isWanted = useSignal(false);
  return (
    <>
      <p class="row">
        <button
          type="button"
          aria-expanded={isWanted.value}
          onClick={() => {
            isWanted.value = !isWanted.value;
          }}
        >
          {isWanted.value ? 'Hide its plan' : 'Show its plan'}
        </button>
      </p>
      {isWanted.value && <Explained sql={sql} />}
    </>
  );
}

function Explained({ sql }: { sql: string }) {
  const loaded = useLoad(() => rows(`EXPLAIN (FORMAT json) ${sql}`));
  return (
    <Show loaded={loaded} what="the plan">
      {(lines) => <PlanView text={lines.map(({ plan }) => String(plan)).join('\n')} />}
    </Show>
  );
}
