import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../session/support.ts';
import { sealBytes } from '../support/seal.ts';
import { hostileText } from './hostile.ts';
import { codeOf } from './our-form.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { genuine, sealedCookie, startTarget, supabaseCookie } from './target.ts';

const tokens = { acme: genuine('acme'), globex: genuine('globex') };
const halves = [tokens.acme.slice(0, 90), tokens.acme.slice(90)];
const inDocument = (token: string): string => `base64-${encode(JSON.stringify({ access_token: token }))}`;

const names = fc.constantFrom(
  ...['session', sealedCookie, supabaseCookie].flatMap((name) => [
    name,
    `${name}.0`,
    `${name}.1`,
    `${name}.00`,
  ]),
  'session.10',
  'session.99',
  ' session',
  'Session',
  'session\t',
  '__proto__',
  '',
);
const values = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.values(tokens), ...halves, inDocument(tokens.acme)) },
  fc.constantFrom(`"${tokens.acme}"`, sealBytes('{}'), 'base64-', encodeURIComponent('{"a":1}')),
  hostileText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '~')),
);
const pair = fc.tuple(names, fc.constantFrom('=', '=', '=', '', '=='), values).map((parts) => parts.join(''));
const separator = fc.constantFrom('; ', ';', ';;', ', ', ' ;\t', '\r\ncookie: ');
const sessions = fc
  .tuple(fc.constantFrom('session', 'session.0'), fc.constantFrom(...Object.values(tokens), ...halves))
  .map((parts) => parts.join('='));
const header = fc
  .array(fc.tuple(fc.oneof(pair, sessions), separator), { maxLength: 6 })
  .map((parts) => parts.flat().slice(0, -1).join(''));

const requestWith = (cookies: string): string =>
  `GET /embed-url?embed=sales HTTP/1.1\r\nhost: x\r\nconnection: close\r\nsec-fetch-site: same-origin\r\ncookie: ${cookies}\r\n\r\n`;

/** Just below the 32 kB that all headers may have. */
const full = {
  pairs: 'a=b;'.repeat(7500),
  values: Array.from({ length: 2500 }, (_, at) => `session=${at};`).join(''),
  names: Array.from({ length: 3000 }, (_, at) => `s${at}=1;`).join(''),
  chunks: Array.from({ length: 2000 }, (_, at) => `session.${at}=1;`).join(''),
  spaces: `session=${' '.repeat(30_000)}x`,
  quotes: `session=${'"'.repeat(30_000)}`,
  dots: `session=${'.'.repeat(30_000)}`,
  lines: 'a=b\r\ncookie: '.repeat(2000),
} as const;

describe('a cookie header', () => {
  it(
    'of any form is refused in ours, or is the one session that it holds',
    { timeout: fuzzTimeoutMs },
    async () => {
      const { ask, expectUnharmed } = await startTarget();
      const statuses = new Set<number>();
      await fc.assert(
        fc.asyncProperty(header, async (cookies) => {
          const { answer, sent } = await ask(requestWith(cookies));
          statuses.add(answer.status);
          if (answer.status !== 200) {
            expect(codeOf(answer)).toMatch(/^session_(?:missing|invalid|ambiguous)$/);
            expect(sent).toEqual([]);
            return;
          }
          const tenant = sent[0]?.hexUserAttributes.orgId;
          expect(tenant === 'acme' || tenant === 'globex').toBe(true);
          const other = tenant === 'acme' ? tokens.globex : tokens.acme;
          expect(cookies).not.toMatch(
            new RegExp(`(?:^|[;:])[ \\t]*session[ \\t]*="?${other}"?[ \\t]*(?:;|$)`, 'm'),
          );
        }),
        runs(500),
      );
      expect([...statuses].toSorted()).toEqual([200, 401]);
      await expectUnharmed();
    },
  );

  it('as full as it may be is judged at once', async () => {
    const { ask, expectUnharmed } = await startTarget();
    for (const [what, cookies] of Object.entries(full)) {
      const startedAt = performance.now();
      const { answer } = await ask(requestWith(cookies));
      expect(performance.now() - startedAt, what).toBeLessThan(2000);
      expect(codeOf(answer), what).toMatch(/^session_(?:missing|invalid|ambiguous)$/);
    }
    await expectUnharmed();
  });
});
