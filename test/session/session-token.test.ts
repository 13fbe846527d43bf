import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sealBytes } from '../support/seal.ts';
import { bearer, cookie, entry, nowSeconds, outcome, sealedVerifier, sign, verifier } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Times of a token in seconds from now, and settings of its entry. */
const lives: readonly (readonly [Readonly<Record<string, number>>, Readonly<Record<string, string>>])[] = [
  [{ exp: 60 }, {}],
  [{ exp: 60 }, { clockTolerance: '0s' }],
  [{ exp: 60 }, { clockTolerance: '1ms' }],
  [{ exp: 60 }, { clockTolerance: '900ms' }],
  [{ exp: 60 }, { clockTolerance: '1500ms' }],
  [{ exp: Number.MAX_SAFE_INTEGER - 1_800_000_000 }, {}],
  [{ exp: 600, iat: -30 }, { maxAge: '90s' }],
  [
    { exp: 600, iat: -30 },
    { maxAge: '90s', clockTolerance: '900ms' },
  ],
  [
    { exp: 600, iat: 2 },
    { maxAge: '1500ms', clockTolerance: '2s' },
  ],
];

test.each(lives)(
  'what is remembered of a token outlives it, by less than two seconds: %j, %j',
  async (times, settings) => {
    const verify = verifier([entry(settings)]);
    const now = nowSeconds();
    const token = sign(
      Object.fromEntries(Object.entries(times).map(([name, inSeconds]) => [name, now + inSeconds])),
    );
    const { expiresAtMs } = (await verify(bearer(token))).token;
    vi.setSystemTime(expiresAtMs - 2001);
    expect(await outcome(verify(bearer(token)))).toBe('believed');
    for (let laterMs = 0; laterMs <= 2000; laterMs += 50) {
      vi.setSystemTime(expiresAtMs + laterMs);
      expect(await outcome(verify(bearer(token)))).toBe('session_expired');
    }
  },
);

test('a sealed cookie is remembered until the time that its library gives it is over', async () => {
  const fields = {
    tokens: ['cookie:__session'],
    keys: { sealed: { format: 'nextjs-auth0', secret: '${env:AUTH_SECRET}' } },
    tenant: 'claims.user.org_id',
    user: 'claims.user.sub',
    maxAge: '1h',
  };
  const session = {
    user: { sub: 'ada', org_id: 'acme' },
    internal: { createdAt: nowSeconds() },
    exp: nowSeconds() + 86_400,
  };
  const sealed = sealBytes(JSON.stringify(session), { info: 'JWE CEK' });
  const { token } = await sealedVerifier([fields])(cookie(`__session=${sealed}`));
  expect(token.expiresAtMs - Date.now()).toBe(3_600_000 + 15_000 + 1000);
});
