import { revenueOf, type SalesRow } from './hex-sales-rows.ts';
import { html, type Html } from './html.ts';

const dollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 0,
});

/** Every column but the margin's, which only admins have. */
function csvOf(rows: readonly SalesRow[], margin: boolean): string {
  const quote = (value: string | number) => `"${String(value).replaceAll('"', '""')}"`;
  const lines = rows.map((row) => [
    row.customer,
    row.region,
    row.product,
    revenueOf(row),
    ...(margin ? [row.marginPercent] : []),
  ]);
  const heads = ['customer', 'region', 'product', 'revenue_usd', ...(margin ? ['margin_percent'] : [])];
  return [heads, ...lines].map((line) => line.map(quote).join(',')).join('\r\n');
}

/** A data: URL, since fetching the file from here would need a second view of a URL that has only one. */
function exportLink(rows: readonly SalesRow[], margin: boolean): Html {
  const href = `data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(rows, margin))}`;
  return html`<a class="button" data-testid="export-csv" download="sales.csv" href="${href}">Export CSV</a>`;
}

/** The table of rows, its margin column and its export link where they are allowed. */
export function salesTable(
  rows: readonly SalesRow[],
  { margin, exports }: { readonly margin: boolean; readonly exports: boolean },
): Html {
  const body = rows.map(
    (row) =>
      html`<tr data-testid="row">
        <td>${row.customer}</td>
        <td>${row.region}</td>
        <td>${row.product}</td>
        <td class="number">${dollars.format(revenueOf(row))}</td>
        ${margin ? html`<td class="number" data-testid="margin">${row.marginPercent} %</td>` : undefined}
      </tr>`,
  );
  const marginHead = margin ? html`<th class="number">Margin</th>` : undefined;
  const table = html`<div class="scroll" role="region" aria-label="Customers by revenue" tabindex="0">
    <table>
      <thead>
        <tr>
          <th>Customer</th>
          <th>Region</th>
          <th>Product</th>
          <th class="number">Revenue</th>
          ${marginHead}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
  return html`<section class="cell">
    <div class="title">
      <h2>Customers by revenue</h2>
      ${exports ? exportLink(rows, margin) : undefined}
    </div>
    ${rows.length === 0 ? html`<p class="empty" data-testid="no-rows">No rows</p>` : table}
  </section>`;
}
