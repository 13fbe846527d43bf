import { embedDocument, notice } from './embed-document.ts';
import { html, type Html } from './html.ts';
import type { Churned } from './metabase-churn.ts';

const dollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumFractionDigits: 0,
});

export const appearanceScriptPath = '/embed/appearance.js';

/** What the page says instead of rows. */
export function errorPage(text: string): Html {
  return embedDocument({ title: 'Metabase', body: notice('There was a problem', text), product: 'Metabase' });
}

/** A dashboard, or a question, with the rows that are left. */
export function churnPage(title: string, rows: readonly Churned[]): Html {
  const tenants = [...new Set(rows.map(({ tenant }) => tenant))].join(', ');
  const lines = rows.map(
    (row) =>
      html`<tr data-testid="row">
        <td>${row.account}</td>
        <td>${row.region}</td>
        <td>${row.reason}</td>
        <td class="number">${dollars.format(row.lost)}</td>
      </tr>`,
  );
  const table = html`<div class="scroll" role="region" aria-label="Lost accounts" tabindex="0">
    <table>
      <thead>
        <tr>
          <th>Account</th>
          <th>Region</th>
          <th>Reason</th>
          <th class="number">Lost a month</th>
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div>`;
  const body = html`<header>
      <h1>${title}</h1>
      ${tenants === '' ? undefined : html`<span class="tag" data-testid="org">${tenants}</span>`}
    </header>
    <section class="cell">
      <div class="title"><h2>Lost accounts</h2></div>
      ${rows.length === 0 ? html`<p class="empty" data-testid="no-rows">No rows</p>` : table}
    </section>`;
  return embedDocument({ title, body, product: 'Metabase', script: appearanceScriptPath });
}

/** Appearance stands in the URL's fragment, which only a script can see. Served as it stands. */
export const appearanceScript = `
const options = new URLSearchParams(location.hash.slice(1));
if (options.get('theme') === 'night') document.documentElement.dataset.theme = 'dark';
if (options.get('bordered') === 'false') document.body.classList.add('no-outline');
if (options.get('titled') === 'false') document.querySelector('h1').hidden = true;
`;
