import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

describe('tokens of one session are known by what names it', () => {
  const shared = async (
    fields: Readonly<Record<string, unknown>>,
    settings = {},
  ): Promise<readonly string[]> =>
    (await verifier([entry(settings)])(bearer(sign(fields)))).token.session?.digests ?? [];
  const common = (one: readonly string[], other: readonly string[]): number =>
    one.filter((digest) => other.includes(digest)).length;

  test.each([
    { jti: 'one' },
    { sid: 's_1' },
    { session_id: '7a2c' },
    { origin_jti: 'aaaa' },
    { sid: 7 },
    { sid: '\u00a0s' },
  ])('%j: another token with it is of the same session, of the same issuer and user alone', async (name) => {
    const first = await shared({ ...name, exp: nowSeconds() + 60 });
    expect(first).toHaveLength(1);
    expect(first[0]).toMatch(/^[\w-]{43}$/);
    expect(await shared({ ...name, iat: nowSeconds() - 9, org: 'globex' })).toEqual(first);
    const [[key, value] = []] = Object.entries(name);
    const others = [
      { ...name, sub: 'ben' },
      { [String(key)]: `${value}x` },
      { [String(key)]: String(value).toUpperCase() + ' ' },
      { sid: undefined },
      { jti: [value] },
    ];
    for (const fields of others) expect(await shared(fields), JSON.stringify(fields)).not.toEqual(first);
    const elsewhere = 'https://other.example.com/';
    expect(await shared({ ...name, iss: elsewhere }, { issuer: elsewhere })).not.toEqual(first);
  });

  test.each([undefined, null, '', ' ', '\t\n', true, ['s_1'], { id: 's_1' }])(
    'a name that is %j names nothing',
    async (value) => {
      expect(await shared({ sid: value, jti: value })).toEqual([]);
    },
  );

  test('a name of one kind is none of another', async () => {
    const [jti, sid] = [await shared({ jti: 'same' }), await shared({ sid: 'same' })];
    expect(common(jti, sid)).toBe(0);
    const both = await shared({ jti: 'same', sid: 'same' });
    expect([both.length, common(both, jti), common(both, sid)]).toEqual([2, 1, 1]);
    expect(await shared({ sid: '7' })).not.toEqual(await shared({ sid: 7 }));
  });

  test('names are remembered until no token that was made before is believed', async () => {
    const settings = { maxAge: '10m', clockTolerance: '3s' };
    const verify = verifier([entry(settings)]);
    const { session } = (await verify(bearer(sign({ sid: 's_1' })))).token;
    // as late as the issuer's clock may be ahead
    const latest = sign({ sid: 's_1', iat: nowSeconds() + 3, exp: nowSeconds() + 86_400 });
    expect((await verify(bearer(latest))).token.expiresAtMs).toBe(session?.expiresAtMs);
    vi.setSystemTime(session?.expiresAtMs ?? 0);
    expect(await outcome(verify(bearer(latest)))).toBe('session_expired');
  });
});
