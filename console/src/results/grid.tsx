/** Millions of rows in a window of some: only what is seen is in the page. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Cells } from '../data/messages.js';
import { ask } from '../data/worker-link.js';
import type { Run } from '../editor/run.js';
import { Icon } from '../ui/icons.js';
import { count } from '../ui/text.js';
import { arrange } from './result-panel.js';

const ROW = 28;
const HEAD = 46;
const NUMBER_WIDTH = 76;
/** Browsers draw no element that is much higher; a longer result scrolls in proportion. */
const HIGHEST = 15_000_000;
const NARROWEST = 70;
const WIDEST = 420;
const CHARACTER = 7.6;

export function Grid({ run }: { run: Run }) {
  const { id, shown, sort } = run;
  const columns = run.columns.value ?? [];
  const scroller = useRef<HTMLDivElement>(null);
  /** Where the window is, in pixels of the whole; on its own where the scroll bar is too coarse to say. */
  const top = useSignal(0);
  const left = useSignal(0);
  const size = useSignal({ width: 800, height: 300 });
  const widths = useSignal<number[]>(
    columns.map(({ name, type }) => clamp(Math.max(name.length + 3, type.length) * CHARACTER + 24)),
  );
  const window = useSignal<{ from: number; rows: Cells[] }>({ from: 0, rows: [] });
  const cursor = useSignal({ row: 0, column: 0 });
  const opened = useSignal<{ title: string; text: string | null } | undefined>(undefined);

  const total = shown.value * ROW;
  const height = Math.min(total, HIGHEST);
  const inner = Math.max(0, size.value.height - HEAD);
  const furthest = Math.max(0, total - inner);
  const scale = height - inner > 0 ? furthest / (height - inner) : 1;
  const first = Math.floor(top.value / ROW);
  const last = Math.min(shown.value, first + Math.ceil(inner / ROW) + 1);

  useEffect(() => {
    const element = scroller.current as HTMLDivElement;
    const observer = new ResizeObserver(() => {
      size.value = { width: element.clientWidth, height: element.clientHeight };
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Rows are asked for when the window, their number or their order changes.
  useEffect(() => {
    let isCurrent = true;
    void ask({ kind: 'rows', id, from: first, to: last }).then(
      (rows) => {
        if (!isCurrent) return;
        window.value = { from: first, rows };
        widen(rows);
      },
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [id, first, last, shown.value, run.arranged.value]);

  const widen = (rows: Cells[]) => {
    const next = widths.value.map((width, column) =>
      rows.reduce((most, row) => Math.max(most, clamp((row[column]?.length ?? 4) * CHARACTER + 24)), width),
    );
    if (next.some((width, column) => width > (widths.value[column] ?? 0))) widths.value = next;
  };

  const moveTo = (position: number) => {
    top.value = Math.min(Math.max(0, position), furthest);
    const element = scroller.current;
    if (element !== null) element.scrollTop = top.value / scale;
  };
  const onScroll = () => {
    const element = scroller.current as HTMLDivElement;
    left.value = element.scrollLeft;
    // What `moveTo` did itself comes back here, rounded.
    if (Math.abs(element.scrollTop - top.value / scale) > 1) top.value = Math.min(element.scrollTop * scale, furthest);
  };
  const onWheel = (event: WheelEvent) => {
    if (scale <= 1 || event.deltaY === 0 || event.ctrlKey) return;
    event.preventDefault();
    moveTo(top.value + event.deltaY);
  };
  useEffect(() => {
    const element = scroller.current as HTMLDivElement;
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  });

  const select = (row: number, column: number) => {
    cursor.value = {
      row: Math.min(Math.max(0, row), Math.max(0, shown.value - 1)),
      column: Math.min(Math.max(0, column), columns.length - 1),
    };
    const start = cursor.value.row * ROW;
    if (start < top.value) moveTo(start);
    else if (start + ROW > top.value + inner) moveTo(start + ROW - inner);
    const element = scroller.current as HTMLDivElement;
    const begin = starts[cursor.value.column] as number;
    const end = begin + (widths.value[cursor.value.column] as number);
    if (begin < element.scrollLeft) element.scrollLeft = begin;
    else if (end + NUMBER_WIDTH > element.scrollLeft + size.value.width)
      element.scrollLeft = end + NUMBER_WIDTH - size.value.width;
  };
  const open = async (row: number, column: number) => {
    const text = await ask({ kind: 'cell', id, row, column });
    opened.value = { title: `${columns[column]?.name}, row ${count(row + 1)}`, text };
  };
  const page = Math.max(1, Math.floor(inner / ROW) - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = cursor.value;
    const far = event.ctrlKey || event.metaKey;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + page, column],
      PageUp: [row - page, column],
      Home: [far ? 0 : row, 0],
      End: [far ? shown.value - 1 : row, columns.length - 1],
    };
    const move = moves[event.key];
    if (move !== undefined) select(...move);
    else if (event.key === 'Enter') void open(row, column);
    else if (far && event.key === 'c' && getSelection()?.isCollapsed !== false) {
      void ask({ kind: 'cell', id, row, column }).then((text) => navigator.clipboard.writeText(text ?? ''));
    } else return;
    event.preventDefault();
  };
  const order = (column: number) => {
    const now = sort.value;
    if (run.status.value === 'running') return;
    if (now?.column !== column) sort.value = { column, descending: false };
    else sort.value = now.descending ? undefined : { column, descending: true };
    void arrange(run);
  };

  let sum = 0;
  const starts = widths.value.map((width) => {
    sum += width;
    return sum - width;
  });
  const seen = columns
    .map((column, index) => ({ column, index }))
    .filter(({ index }) => {
      const begin = starts[index] as number;
      return (
        begin + (widths.value[index] as number) >= left.value - 300 && begin <= left.value + size.value.width + 300
      );
    });
  const place = (index: number) => ({
    left: `${NUMBER_WIDTH + (starts[index] as number)}px`,
    width: `${widths.value[index]}px`,
  });
  const { from, rows } = window.value;
  const cell = (row: number, column: number) => `cell-${id}-${row}-${column}`;

  return (
    <>
      <div
        class="grid"
        role="grid"
        aria-label="Rows"
        aria-rowcount={shown.value + 1}
        aria-colcount={columns.length}
        aria-activedescendant={shown.value > 0 ? cell(cursor.value.row, cursor.value.column) : undefined}
        tabIndex={0}
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        <div class="grid-head" role="row" aria-rowindex={1} style={{ width: `${NUMBER_WIDTH + sum}px` }}>
          {seen.map(({ column, index }) => {
            const direction =
              sort.value?.column === index ? (sort.value.descending ? 'descending' : 'ascending') : 'none';
            return (
              <div key={index} role="columnheader" aria-colindex={index + 1} aria-sort={direction} style={place(index)}>
                <button type="button" tabIndex={-1} title={`Sort by ${column.name}`} onClick={() => order(index)}>
                  <span class="name">
                    {column.name}
                    {direction !== 'none' && (direction === 'ascending' ? ' ↑' : ' ↓')}
                  </span>
                  <span class="type">{column.type}</span>
                </button>
                <Handle
                  width={widths.value[index] as number}
                  onResize={(width) => {
                    widths.value = widths.value.map((old, at) => (at === index ? width : old));
                  }}
                />
              </div>
            );
          })}
        </div>
        <div class="grid-body" role="rowgroup" style={{ height: `${height}px`, width: `${NUMBER_WIDTH + sum}px` }}>
          <div class="grid-window" role="presentation" style={{ height: `${inner}px`, top: `${HEAD}px` }}>
            {rows.map((texts, at) => {
              const row = from + at;
              return (
                <div
                  key={row}
                  class={`grid-row${row % 2 === 1 ? ' odd' : ''}`}
                  role="row"
                  aria-rowindex={row + 2}
                  style={{ transform: `translateY(${row * ROW - top.value}px)` }}
                >
                  <span class="number" aria-hidden="true">
                    {count(row + 1)}
                  </span>
                  {seen.map(({ column, index }) => (
                    <div
                      key={index}
                      id={cell(row, index)}
                      role="gridcell"
                      aria-colindex={index + 1}
                      class={`${column.numeric ? 'numeric' : ''}${texts[index] === null ? ' null' : ''}${
                        cursor.value.row === row && cursor.value.column === index ? ' cursor' : ''
                      }`}
                      style={place(index)}
                      onClick={() => select(row, index)}
                      onDblClick={() => open(row, index)}
                    >
                      {texts[index] ?? 'NULL'}
                    </div>
                  ))}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      {opened.value !== undefined && (
        <CellDialog
          {...opened.value}
          onClose={() => {
            opened.value = undefined;
            scroller.current?.focus();
          }}
        />
      )}
    </>
  );
}

function Handle({ width, onResize }: { width: number; onResize: (width: number) => void }) {
  const began = useRef<{ x: number; width: number } | undefined>(undefined);
  return (
    <span
      class="handle"
      aria-hidden="true"
      onPointerDown={(event) => {
        began.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (began.current === undefined) return;
        onResize(Math.max(NARROWEST, began.current.width + event.clientX - began.current.x));
      }}
      onPointerUp={() => {
        began.current = undefined;
      }}
    />
  );
}

function CellDialog({ title, text, onClose }: { title: string; text: string | null; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useSignalEffect(() => dialog.current?.showModal());
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose}>
      <div class="row">
        <strong>{title}</strong>
        <span class="grow" />
        <button type="button" class="plain" aria-label="Copy" onClick={() => navigator.clipboard.writeText(text ?? '')}>
          <Icon name="copy" />
        </button>
        <button type="button" class="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
      <pre tabIndex={0}>{text ?? 'NULL'}</pre>
    </dialog>
  );
}

function clamp(width: number): number {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
}
