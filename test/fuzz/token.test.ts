import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encode } from '../session/support.ts';
import { hostileToken } from './hostile-token.ts';
import { codeOf } from './our-form.ts';
import { fuzzTimeoutMs, runs } from './runs.ts';
import { sealedCookie, startTarget, supabaseCookie } from './target.ts';

const places: readonly ((token: string) => string)[] = [
  (token) => `authorization: Bearer ${token}`,
  (token) => `cookie: session=${token}`,
  (token) => `cookie: session.0=${token.slice(0, 100)}; session.1=${token.slice(100)}`,
  (token) => `cookie: ${sealedCookie}=${token}`,
  (token) => `cookie: ${supabaseCookie}=base64-${encode(JSON.stringify({ access_token: token }))}`,
];

const targets = ['/embed-url?embed=sales', '/embeds', '/embeds/sales/frame'];

it(
  'any token is refused in our form, or believed as the tenant that it was signed for',
  { timeout: fuzzTimeoutMs },
  async () => {
    const { ask, expectUnharmed } = await startTarget();
    const statuses = new Set<number>();
    const request = fc.tuple(fc.constantFrom(...targets), fc.constantFrom(...places), hostileToken);
    await fc.assert(
      fc.asyncProperty(request, async ([target, place, { token, tenant }]) => {
        const head = `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n`;
        const { answer, sent } = await ask(`${head}${place(token)}\r\n\r\n`);
        statuses.add(answer.status);
        if (answer.status < 400) {
          expect(tenant).toBeDefined();
          for (const { hexUserAttributes } of sent) expect(hexUserAttributes.orgId).toBe(tenant);
        } else {
          expect(codeOf(answer)).toMatch(/^session_(?:missing|invalid|expired|ambiguous)$/);
          expect(sent).toEqual([]);
        }
      }),
      runs(500),
    );
    expect([...statuses].toSorted()).toEqual([200, 303, 401]);
    await expectUnharmed();
  },
);
