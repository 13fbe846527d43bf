/**
 * The host page's script: what an application's own front end does with the gateway.
 *
 * Plain JavaScript for browsers, served as it stands.
 */
export const hostPageScript = `
const page = document.getElementById('embed');
if (page) start(page);

function start(page) {
  const region = page.querySelector('select');
  const problem = page.querySelector('.problem');
  const facts = page.querySelector('.facts');
  let frame = page.querySelector('iframe');
  let attempt = new AbortController();

  async function open(ticket) {
    attempt.abort();
    attempt = new AbortController();
    const { signal } = attempt;
    const query = new URLSearchParams({ embed: 'sales' });
    if (region.value) query.set('region', region.value);
    const headers = ticket ? { 'Queue-Ticket': ticket } : {};
    page.ariaBusy = 'true';
    const startedMs = performance.now();
    try {
      const reply = await fetch(page.dataset.gateway + '/embed-url?' + query, { credentials: 'include', headers, signal });
      const answer = await reply.json();
      if (reply.ok) show(answer, performance.now() - startedMs);
      else if (reply.status === 503 && answer.code === 'provider_busy') wait(answer, reply, signal);
      else refuse(answer.title, answer.code, answer.requestId);
    } catch (error) {
      if (signal.aborted) return;
      refuse('The gateway gave no answer', page.dataset.gateway, error.message);
    }
    if (!signal.aborted) page.ariaBusy = 'false';
  }

  // A fresh iframe each time: changing src would put single-use URLs into the history, and Back would open a used one.
  function show(answer, tookMs) {
    const fresh = frame.cloneNode();
    fresh.hidden = false;
    fresh.src = answer.url;
    frame.replaceWith(fresh);
    frame = fresh;
    problem.hidden = true;
    facts.textContent = [
      'URL from ' + answer.provider + ' in ' + Math.round(tookMs) + ' ms',
      'single use, open before ' + new Date(answer.expiresAt).toLocaleTimeString(),
      'combination ' + answer.combination.key.slice(0, 8) + (answer.combination.warm ? ', warm' : ', cold'),
    ].join('  ·  ');
  }

  function refuse(title, code, requestId) {
    const line = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
    problem.replaceChildren(line('b', title || 'Refused'), line('code', code || ''), line('small', requestId || ''));
    problem.hidden = false;
    frame.hidden = true;
    facts.textContent = '';
  }

  // Trying again with the ticket keeps the place in the queue.
  function wait(answer, reply, signal) {
    let seconds = Number(answer.retryAfterSeconds ?? reply.headers.get('retry-after')) || 5;
    const tick = () => {
      const place = answer.position === undefined ? '' : ' Place ' + answer.position + ' in the queue.';
      refuse(answer.title, answer.code, 'Trying again in ' + seconds + ' s.' + place + ' ' + answer.requestId);
      if (seconds === 0) open(answer.ticket);
      else timer = setTimeout(tick, 1000);
      seconds -= 1;
    };
    let timer;
    signal.addEventListener('abort', () => clearTimeout(timer));
    tick();
  }

  region.addEventListener('change', () => open());
  open();
}
`;
