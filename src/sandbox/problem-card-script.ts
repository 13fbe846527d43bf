/** The script of the card that tells why the gateway refused, and counts down to the next try where waiting helps. */
export const problemCardScript = `
function line(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

// Fills the card from a problem (RFC 9457); retry is called after so many seconds, never when there are none.
export function fillProblem(card, { title, detail, code, requestId, position }, seconds, retry) {
  const place = position === undefined ? [] : [line('span', 'You are number ' + position + ' in the queue.')];
  const countdown = seconds > 0 ? [startCountdown(seconds, retry)] : [];
  card.replaceChildren(
    line('b', title || 'Refused'),
    ...(detail ? [line('span', detail)] : []),
    ...place,
    ...countdown,
    ...(code ? [line('code', code)] : []),
    ...(requestId ? [line('small', 'request ' + requestId)] : []),
  );
}

// Counts by the clock, since a tab in the background is woken less than once a second.
function startCountdown(seconds, retry) {
  const dueMs = performance.now() + seconds * 1000;
  const countdown = line('span', '');
  countdown.role = 'timer'; // not read out every second, as the rest of the card would be
  const tick = () => {
    const left = Math.ceil((dueMs - performance.now()) / 1000);
    countdown.textContent = left > 0 ? 'Trying again in ' + left + ' s' : 'Trying again …';
    if (left > 0) setTimeout(tick, 250);
    else retry();
  };
  tick();
  return countdown;
}
`;
