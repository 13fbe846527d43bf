/**
 * The host page's script: what an application's own front end does with the gateway.
 *
 * Plain JavaScript for browsers, served as it stands.
 */
export const hostPageScript = `
import { fillProblem } from '/problem-card.js';

document.querySelectorAll('[data-embed]').forEach(start);

function start(part) {
  const { gateway, embed } = part.dataset;
  const region = part.querySelector('select');
  const problem = part.querySelector('.problem[role]'); // not the one for browsers without script
  const facts = part.querySelector('.facts');
  let frame = part.querySelector('iframe');
  let attempt = new AbortController();

  async function open(ticket) {
    attempt.abort();
    attempt = new AbortController();
    const { signal } = attempt;
    const query = new URLSearchParams({ embed });
    if (region?.value) query.set('region', region.value);
    const headers = ticket ? { 'Queue-Ticket': ticket } : {};
    part.ariaBusy = 'true';
    const startedMs = performance.now();
    try {
      const reply = await fetch(gateway + '/embed-url?' + query, { credentials: 'include', headers, signal });
      const answer = await reply.json();
      if (reply.ok) show(answer, performance.now() - startedMs);
      else refuse(answer, Number(answer.retryAfterSeconds ?? reply.headers.get('retry-after')));
    } catch (error) {
      if (signal.aborted) return;
      refuse({ title: 'The gateway gave no answer', detail: gateway + ': ' + error.message });
    }
    part.ariaBusy = 'false';
  }

  // A fresh iframe each time: changing src would put single-use URLs into the history, and Back would open a used one.
  function show(answer, tookMs) {
    const fresh = frame.cloneNode();
    fresh.src = answer.url;
    frame.replaceWith(fresh);
    frame = fresh;
    const { key, warm } = answer.combination;
    facts.textContent = [
      'URL from ' + answer.provider + ' in ' + Math.round(tookMs) + ' ms',
      (answer.singleUse ? 'single use, open before ' : 'works again and again until ')
        + new Date(answer.expiresAt).toLocaleTimeString(),
      'combination ' + key.slice(0, 8) + ', ' + (warm
        ? 'warm: opened with the same attributes lately, so results may be cached'
        : 'cold: not opened with the same attributes lately, so results are computed anew'),
    ].join('  ·  ');
    reveal(true);
  }

  // Trying again with the ticket keeps the place in the queue.
  function refuse(answer, seconds) {
    fillProblem(problem, answer, seconds, () => open(answer.ticket));
    facts.textContent = '';
    reveal(false);
  }

  function reveal(visible) {
    frame.hidden = !visible;
    problem.hidden = visible;
    if (region) region.disabled = !visible;
  }

  region?.addEventListener('change', () => open());
  open();
}
`;
