/** The frame's script, served as it stands. The token stays in memory: a reload needs a fresh session. */
export const cubePageScript = `
const { kind, sessionIn } = document.querySelector('[data-kind]').dataset;
const state = document.querySelector('[data-testid=state]');
const org = document.querySelector('[data-testid=org]');
const workspace = document.querySelector('[data-testid=workspace]');
const refresh = document.querySelector('[data-testid=refresh]');
const scroll = document.querySelector('.scroll');
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
const refusals = { 401: 'This session has ended.', 403: 'This session is not in creator mode.' };
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
  workspace.hidden = text !== '' || workspace.textContent === '';
}

function show({ rows, workspace: name = '' }) {
  workspace.textContent = name;
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
  const reply = await fetch('/embed/rows/' + kind, { headers });
  if (reply.ok) show(await reply.json());
  else say(refusals[reply.status] ?? 'The rows could not be loaded.');
}

async function start() {
  const sessionId = new URLSearchParams(location.search).get(sessionIn) ?? '';
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
