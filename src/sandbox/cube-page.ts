import { pipeline } from './cube-deals.ts';
import { embedDocument, notice, type EmbedPage } from './embed-document.ts';
import { html } from './html.ts';

/** The frame of a dashboard: the same for everybody, since its script fetches the rows. */
export function cubePage(publicId: string): EmbedPage {
  if (publicId !== pipeline.publicId) {
    const body = notice('Not found', 'There is no published dashboard of this id.');
    return { status: 404, markup: embedDocument({ title: 'Not found', body, product: 'Cube' }) };
  }
  const body = html`<header>
      <h1>${pipeline.title}</h1>
      <span class="tag" data-testid="org" hidden></span>
    </header>
    <section class="cell">
      <div class="title">
        <h2>Open deals</h2>
        <button class="button" data-testid="refresh" hidden>Refresh</button>
      </div>
      <p class="empty" data-testid="state" role="status">Loading …</p>
      <div class="scroll" role="region" aria-label="Open deals" tabindex="0" hidden>
        <table>
          <thead>
            <tr></tr>
          </thead>
          <tbody></tbody>
        </table>
      </div>
    </section>`;
  const script = '/embed/dashboard.js';
  return { status: 200, markup: embedDocument({ title: pipeline.title, body, product: 'Cube', script }) };
}

/** The frame's script, served as it stands. The token stays in memory: a reload needs a fresh session. */
export const cubePageScript = `
const state = document.querySelector('[data-testid=state]');
const org = document.querySelector('[data-testid=org]');
const refresh = document.querySelector('[data-testid=refresh]');
const scroll = document.querySelector('.scroll');
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
const columns = { account: 'Account', region: 'Region', stage: 'Stage', amount: 'Amount' };

function cell(tag, name, text) {
  return Object.assign(document.createElement(tag), { textContent: text, className: name === 'amount' ? 'number' : '' });
}

function row(tag, names, textOf) {
  const line = document.createElement('tr');
  line.append(...names.map((name) => cell(tag, name, textOf(name))));
  return line;
}

function say(text) {
  state.textContent = text;
  state.hidden = text === '';
  scroll.hidden = text !== '';
  org.hidden = text !== '';
}

function show(rows) {
  if (rows.length === 0) return say('No rows');
  const names = Object.keys(columns).filter((name) => name in rows[0]);
  const lines = rows.map((deal) => {
    const line = row('td', names, (name) => (name === 'amount' ? dollars.format(deal.amount) : deal[name]));
    line.dataset.testid = 'row';
    return line;
  });
  scroll.querySelector('thead').replaceChildren(row('th', names, (name) => columns[name]));
  scroll.querySelector('tbody').replaceChildren(...lines);
  org.textContent = [...new Set(rows.map(({ tenant }) => tenant))].join(', ');
  say('');
}

async function load(token) {
  const headers = { authorization: 'Bearer ' + token };
  const reply = await fetch(location.pathname + '/rows', { headers });
  if (reply.ok) show((await reply.json()).rows);
  else say(reply.status === 401 ? 'This session has ended.' : 'The rows could not be loaded.');
}

async function start() {
  const sessionId = new URLSearchParams(location.search).get('session') ?? '';
  const reply = await fetch('/api/v1/embed/session/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sessionId }),
  });
  if (!reply.ok) return say('This session cannot be opened: it is used, expired or unknown.');
  const { token } = await reply.json();
  refresh.addEventListener('click', () => load(token));
  refresh.hidden = false;
  await load(token);
}

start().catch(() => say('The rows could not be loaded.'));
`;
