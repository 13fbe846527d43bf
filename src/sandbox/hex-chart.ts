import { compactDollars, regions, type Region, type SalesRow } from './hex-sales-rows.ts';
import { html, type Html } from './html.ts';

const size = { width: 360, height: 200, top: 22, bottom: 22, bar: 44 };
const quarters = [0, 1, 2, 3] as const;

function revenue(rows: readonly SalesRow[], quarter: (typeof quarters)[number], region?: Region): number {
  return rows
    .filter((row) => region === undefined || row.region === region)
    .reduce((sum, row) => sum + row.quarters[quarter], 0);
}

/** Bars of a year's quarters, stacked by region. */
export function quarterChart(rows: readonly SalesRow[]): Html {
  const highest = Math.max(1, ...quarters.map((quarter) => revenue(rows, quarter)));
  const room = size.height - size.top - size.bottom;
  const floor = size.height - size.bottom;
  const shown = regions.filter((region) => rows.some((row) => row.region === region));

  const bars = quarters.map((quarter) => {
    const middle = ((quarter + 0.5) * size.width) / quarters.length;
    let y = floor;
    const segments = shown.map((region) => {
      const height = (room * revenue(rows, quarter, region)) / highest;
      y -= height;
      return html`<rect
        class="${region.toLowerCase()}"
        x="${middle - size.bar / 2}"
        y="${y.toFixed(1)}"
        width="${size.bar}"
        height="${height.toFixed(1)}"
      />`;
    });
    const total = compactDollars.format(revenue(rows, quarter));
    return html`<g>
      ${segments}
      <text class="value" x="${middle}" y="${(y - 6).toFixed(1)}">${total}</text>
      <text x="${middle}" y="${size.height - 5}">Q${quarter + 1}</text>
    </g>`;
  });
  const legend = shown.map((region) => html`<span><i class="${region.toLowerCase()}">■</i> ${region}</span>`);
  return html`<section class="cell">
    <h2>Revenue by quarter</h2>
    <figure>
      <svg
        viewBox="0 0 ${size.width} ${size.height}"
        role="img"
        aria-label="Revenue by quarter, stacked by region"
      >
        <line x1="0" x2="${size.width}" y1="${floor}" y2="${floor}" />
        ${bars}
      </svg>
      <figcaption>${legend}</figcaption>
    </figure>
  </section>`;
}
