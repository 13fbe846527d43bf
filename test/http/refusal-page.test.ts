import { expect, it } from 'vitest';
import { refusalPage } from '../../src/http/refusal-page.ts';
import { problemOf, retryAfterSeconds, transportProblem } from '../../src/http/problem.ts';
import { Refusal, refusalTable, type RefusalCode } from '../../src/gateway/refusal.ts';

function pageFor(code: RefusalCode, parts: ConstructorParameters<typeof Refusal>[1] = {}): string {
  const refusal = new Refusal(code, parts);
  return refusalPage(problemOf(refusal, 'some-id'), { waitSeconds: retryAfterSeconds(refusal) });
}

it('a page shows each error’s name and reason, as text', () => {
  const page = pageFor('input_invalid', {
    errors: [{ name: '<b>', reason: 'is not an input of this embed' }],
  });
  expect(page).toContain('<p>&#60;b&#62; is not an input of this embed</p>');
});

it('a page shows how long to wait', () => {
  expect(pageFor('rate_limited', { retryAfterMs: 41_500 })).toContain('<p>Wait 42 seconds.</p>');
  expect(pageFor('provider_busy', { retryAfterMs: 300 })).toContain('<p>Wait 1 second.</p>');
});

it.each(Object.keys(refusalTable) as RefusalCode[])(
  'a page for %s speaks of nothing that it does not show',
  (code) => {
    expect(pageFor(code, { errors: [] })).not.toMatch(/`errors`|Retry-After/);
    const offersAnother = [429, 502, 503, 504].includes(refusalTable[code][0]);
    expect(pageFor(code).includes('Try again</a>')).toBe(offersAnother);
  },
);

it('a page for a problem of the transport offers no second try', () => {
  expect(refusalPage(transportProblem(400, 'some-id'))).not.toContain('<a ');
});

it('a page that has a place in the queue shows it, and tries again by itself with its ticket', () => {
  const refusal = new Refusal('provider_busy', { retryAfterMs: 7000, position: 12, ticket: 't' });
  const page = refusalPage(problemOf(refusal, 'some-id'), { waitSeconds: 7, again: '?a=1&queue-ticket=t' });
  expect(page).toContain('<p>Your place in the queue: 12.</p>');
  expect(page).toContain('<p>Wait 7 seconds.</p>');
  expect(page).toContain('<meta http-equiv="refresh" content="7; url=?a=1&#38;queue-ticket=t">');
  expect(page).toContain('<a href="?a=1&#38;queue-ticket=t">Try again</a>');
});

it('a page without a place does not try again by itself', () => {
  for (const code of Object.keys(refusalTable) as RefusalCode[]) {
    expect(pageFor(code, { retryAfterMs: 7000 })).not.toContain('http-equiv');
  }
});
