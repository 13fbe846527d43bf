import { quarterChart } from './hex-chart.ts';
import { cellProblem, showsMargin, visibleRows } from './hex-sales.ts';
import { compactDollars, revenueOf, type SalesRow } from './hex-sales-rows.ts';
import { salesTable } from './hex-sales-table.ts';
import type { SignedView } from './hex-tickets.ts';
import { html, type Html } from './html.ts';

function sum(rows: readonly SalesRow[], measure: (row: SalesRow) => number): number {
  return rows.reduce((total, row) => total + measure(row), 0);
}

function tile(label: string, value: string): Html {
  return html`<div class="tile"><span>${label}</span><b>${value}</b></div>`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}

function tiles(rows: readonly SalesRow[], margin: boolean): Html {
  const revenue = sum(rows, revenueOf);
  const first = sum(rows, (row) => row.quarters[0]);
  const last = sum(rows, (row) => row.quarters[3]);
  const earned = sum(rows, (row) => (revenueOf(row) * row.marginPercent) / 100);
  return html`<div class="tiles">
    ${tile('Revenue', compactDollars.format(revenue))}
    ${tile('Growth, Q1 to Q4', percent(last - first, first))} ${tile('Customers', String(rows.length))}
    ${margin ? tile('Gross margin', percent(earned, revenue)) : undefined}
  </div>`;
}

function cell(view: SignedView, needs: readonly string[], body: () => Html): Html {
  const problem = cellProblem(view, needs);
  if (problem === undefined) return body();
  return html`<section class="cell"><p class="empty" data-testid="cell-problem">${problem}</p></section>`;
}

/** The sales app. Each cell renders only when the attributes it references were signed. */
export function salesPage(view: SignedView): Html {
  const rows = visibleRows(view);
  const margin = showsMargin(view);
  const org = view.attributes.get('orgId');
  const tenant = org === undefined ? undefined : html`<span class="tag" data-testid="org">${org}</span>`;
  const exports = view.scopes.includes('EXPORT_CSV');
  return html`<header>
      <h1>Sales overview</h1>
      ${tenant}
    </header>
    ${cell(view, ['orgId', 'regions'], () => tiles(rows, margin))}
    <div class="cells">
      ${cell(view, ['orgId', 'regions'], () => quarterChart(rows))}
      ${cell(view, ['orgId', 'regions', 'userRole'], () => salesTable(rows, { margin, exports }))}
    </div>`;
}
