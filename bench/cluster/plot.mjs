/** A plot as SVG: how far the fullest server is from the mean, and what moves where one leaves, over the number of servers. */

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 60;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 50;
/** Upper end of the vertical axis; it begins at 0.9. */
const [LOW, HIGH] = [0.9, 1.55];

/** @param points `{ count, most, share }`: both as multiples of an even share. */
export function balancePlot(points, files) {
  const counts = points.map(({ count }) => count);
  const [first, last] = [Math.log(counts[0]), Math.log(counts.at(-1))];
  const x = (count) => LEFT + ((Math.log(count) - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - ((value - LOW) / (HIGH - LOW)) * (HEIGHT - TOP - BOTTOM);
  const line = (key, style) =>
    `<polyline fill="none" stroke-width="2" ${style} points="${points.map((point) => `${round(x(point.count))},${round(y(point[key]))}`).join(' ')}"/>` +
    points
      .map(
        (point) =>
          `<circle r="3" ${style.replace('stroke=', 'fill=')} cx="${round(x(point.count))}" cy="${round(y(point[key]))}"/>`,
      )
      .join('');
  const bound = (value, text) =>
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(value))}" y2="${round(y(value))}" stroke="#999" stroke-dasharray="4 4"/>` +
    `<text x="${WIDTH - RIGHT}" y="${round(y(value)) - 5}" text-anchor="end" fill="#666">${text}</text>`;
  const ticks = [1, 1.1, 1.2, 1.3, 1.4, 1.5].map(
    (value) => `<text x="${LEFT - 8}" y="${round(y(value)) + 4}" text-anchor="end">${value.toFixed(1)}</text>`,
  );
  const names = counts.map(
    (count) => `<text x="${round(x(count))}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${count}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">
<title>${files.toLocaleString('en')} files over a cluster: the fullest server beside the mean, and what moves where one leaves</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="#333"/>
${ticks.join('\n')}
${names.join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">servers</text>
<text x="${LEFT}" y="20" fill="#06c">the fullest server, of an even share</text>
<text x="${WIDTH - RIGHT}" y="20" text-anchor="end" fill="#c50">moved where one leaves, of an even share</text>
${bound(1.15, 'aim of the fullest: below 1.15')}
${bound(1.5, 'aim of what moves: below 1.5')}
${line('most', 'stroke="#06c"')}
${line('share', 'stroke="#c50"')}
</svg>
`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
