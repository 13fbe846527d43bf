import { compactDollars, regions, type Region, type SalesRow } from './hex-sales-rows.ts';
import { html, type Html } from './html.ts';

/** In percent, so that the chart takes whatever room its cell has and its text keeps its size. */
const size = { top: 8, floor: 93, bar: 13 };
const quarters = [0, 1, 2, 3] as const;

function revenue(rows: readonly SalesRow[], quarter: (typeof quarters)[number], region?: Region): number {
  return rows
    .filter((row) => region === undefined || row.region === region)
    .reduce((sum, row) => sum + row.quarters[quarter], 0);
}

/** Bars of a year's quarters, stacked by region. */
export function quarterChart(rows: readonly SalesRow[]): Html {
  const highest = Math.max(1, ...quarters.map((quarter) => revenue(rows, quarter)));
  const room = size.floor - size.top;
  const shown = regions.filter((region) => rows.some((row) => row.region === region));

  const bars = quarters.map((quarter) => {
    const middle = ((quarter + 0.5) * 100) / quarters.length;
    let y = size.floor;
    const segments = shown.map((region) => {
      const height = (room * revenue(rows, quarter, region)) / highest;
      y -= height;
      return html`<rect
        class="${region.toLowerCase()}"
        x="${middle - size.bar / 2}%"
        y="${y.toFixed(2)}%"
        width="${size.bar}%"
        height="${height.toFixed(2)}%"
      />`;
    });
    const total = compactDollars.format(revenue(rows, quarter));
    return html`<g>
      ${segments}
      <text class="value" x="${middle}%" y="${y.toFixed(2)}%" dy="-6">${total}</text>
      <text x="${middle}%" y="${size.floor}%" dy="17">Q${quarter + 1}</text>
    </g>`;
  });
  const legend = shown.map((region) => html`<span><i class="${region.toLowerCase()}">■</i> ${region}</span>`);
  return html`<section class="cell">
    <h2>Revenue by quarter</h2>
    <figure>
      <svg role="img" aria-label="Revenue by quarter, stacked by region">
        <line x1="0" x2="100%" y1="${size.floor}%" y2="${size.floor}%" />
        ${bars}
      </svg>
      <figcaption>${legend}</figcaption>
    </figure>
  </section>`;
}
