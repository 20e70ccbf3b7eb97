import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { ColumnInfo, Series } from '../data/messages.js';
import { ask } from '../data/worker-link.js';
import type { Run } from '../editor/run.js';
import { rowsText } from '../ui/text.js';
import { theme } from '../ui/theme.js';

type Kind = 'line' | 'bars' | 'points';
const KINDS: { kind: Kind; title: string }[] = [
  { kind: 'line', title: 'Line' },
  { kind: 'bars', title: 'Bars' },
  { kind: 'points', title: 'Points' },
];
/** More than a screen has pixels. */
const POINTS = 4000;
const COLOURS = ['--series-1', '--series-2', '--series-3', '--series-4'];

export function Chart({ run }: { run: Run }) {
  const columns = run.columns.value ?? [];
  const numbers = columns.map((column, index) => ({ column, index })).filter(({ column }) => column.numeric);
  const x = useSignal(firstAxis(columns));
  const ys = useSignal<number[]>(
    numbers
      .filter(({ index }) => index !== x.value)
      .slice(0, 1)
      .map(({ index }) => index),
  );
  const kind = useSignal<Kind>(columns[x.value]?.temporal ? 'line' : 'bars');
  const series = useSignal<Series | undefined>(undefined);
  const holder = useRef<HTMLDivElement>(null);

  useSignalEffect(() => {
    const question = { kind: 'series' as const, id: run.id, x: x.value, ys: ys.value, points: POINTS };
    void [run.shown.value, run.arranged.value];
    void ask(question).then((answer) => {
      series.value = answer;
    });
  });
  useSignalEffect(() => {
    const data = series.value;
    const parent = holder.current;
    void theme.value;
    if (data === undefined || parent === null || ys.value.length !== data.ys.length) return;
    const plot = draw(parent, data, columns, { x: x.value, ys: ys.value, kind: kind.value });
    const observer = new ResizeObserver(() => plot.setSize(sizeIn(parent)));
    observer.observe(parent);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  });

  if (numbers.length === 0) return <p class="pad quiet">There is no column of numbers to draw.</p>;
  const names = ys.value.map((index) => columns[index]?.name).join(', ');
  return (
    <div class="chart">
      <div class="chart-bar">
        <label>
          Across{' '}
          <select
            value={x.value}
            onChange={(event) => {
              x.value = Number(event.currentTarget.value);
            }}
          >
            {columns.map(({ name }, index) => (
              <option key={index} value={index}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend class="sr">Up</legend>
          {numbers.slice(0, 12).map(({ column, index }) => (
            <label key={index}>
              <input
                type="checkbox"
                checked={ys.value.includes(index)}
                onChange={(event) => {
                  const rest = ys.value.filter((one) => one !== index);
                  ys.value = event.currentTarget.checked ? [...rest, index].slice(-COLOURS.length) : rest;
                }}
              />{' '}
              {column.name}
            </label>
          ))}
        </fieldset>
        <span class="choice" role="group" aria-label="Kind of chart">
          {KINDS.map(({ kind: one, title }) => (
            <button
              key={one}
              type="button"
              aria-pressed={kind.value === one}
              onClick={() => {
                kind.value = one;
              }}
            >
              {title}
            </button>
          ))}
        </span>
        {series.value !== undefined && series.value.rows > series.value.x.length && (
          <span class="quiet">
            Every {Math.ceil(series.value.rows / POINTS)}th of {rowsText(series.value.rows)}
          </span>
        )}
      </div>
      <div
        class="plot"
        role="img"
        aria-label={`${names} by ${columns[x.value]?.name}. The same values are under Rows.`}
        ref={holder}
      />
    </div>
  );
}

/** A time, else the first column that is no number, else the first. */
function firstAxis(columns: readonly ColumnInfo[]): number {
  const temporal = columns.findIndex((column) => column.temporal);
  if (temporal >= 0) return temporal;
  return Math.max(
    0,
    columns.findIndex((column) => !column.numeric),
  );
}

function draw(
  parent: HTMLElement,
  { x, labels, ys }: Series,
  columns: readonly ColumnInfo[],
  chosen: { x: number; ys: number[]; kind: Kind },
): uPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-quiet'),
    grid: { stroke: colour('--line') },
    ticks: { stroke: colour('--line') },
  };
  const isTime = columns[chosen.x]?.temporal === true && labels === undefined;
  // uPlot wants positions in order and without gaps.
  const order = x.map((_, index) => index).filter((index) => x[index] !== null);
  if (labels === undefined) order.sort((a, b) => (x[a] as number) - (x[b] as number));
  const data = [
    order.map((index) => x[index] as number),
    ...ys.map((values) => order.map((index) => values[index] ?? null)),
  ];
  const paths = uPlot.paths;
  const options: uPlot.Options = {
    ...sizeIn(parent),
    scales: { x: { time: isTime } },
    legend: { live: false },
    axes: [
      {
        ...axis,
        ...(labels === undefined ? {} : { values: (_, places) => places.map((place) => shortened(labels[place])) }),
      },
      { ...axis, size: 70 },
    ],
    series: [
      { label: columns[chosen.x]?.name ?? '' },
      ...chosen.ys.map((index, at) => {
        const stroke = colour(COLOURS[at % COLOURS.length] as string);
        return {
          label: columns[index]?.name ?? '',
          stroke,
          width: 2,
          ...(chosen.kind === 'bars' && {
            paths: paths.bars?.({ size: [0.7, 60] }) as uPlot.Series.PathBuilder,
            fill: `${stroke}55`,
          }),
          ...(chosen.kind === 'points' && { paths: () => null, points: { show: true, size: 5 } }),
        };
      }),
    ],
  };
  return new uPlot(options, data as uPlot.AlignedData, parent);
}

/** What the padding and the legend leave. */
function sizeIn(parent: HTMLElement): { width: number; height: number } {
  return { width: parent.clientWidth - 16, height: parent.clientHeight - 40 };
}

function shortened(text: string | undefined): string {
  return text !== undefined && text.length > 14 ? `${text.slice(0, 13)}…` : (text ?? '');
}
