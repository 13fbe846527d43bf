import { html, type Html } from './html.ts';

const terms = [
  ['Revenue', 'Invoiced amounts of a calendar quarter, net of tax and credits, in US dollars.'],
  ['Quarter', 'Three months of the calendar year; the first starts in January.'],
  ['Growth', 'The fourth quarter against the first, over the rows that the reader may see.'],
  ['Gross margin', 'Revenue less the direct cost of delivery, as a share of revenue.'],
  ['Customer', 'Whoever pays the invoices; several sites of one customer count once.'],
  ['Product', 'The product family that brought most of a customer’s revenue.'],
  ['Region', 'Where the customer is billed: EU or US.'],
  ['Export', 'The rows on the page as CSV, for readers who may export.'],
] as const;

/** The handbook: the same for every reader, so nothing in it depends on an attribute. */
export function handbookPage(): Html {
  const entries = terms.map(
    ([term, meaning]) =>
      html`<dt>${term}</dt>
        <dd>${meaning}</dd>`,
  );
  return html`<header><h1>Metrics handbook</h1></header>
    <section class="cell">
      <h2>What the numbers mean</h2>
      <dl>${entries}</dl>
    </section>`;
}
