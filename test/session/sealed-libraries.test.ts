import { encode } from '../support/auth-core.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readCases } from '../support/cases.ts';
import { authSecret, authSecretOld, sealBytes } from '../support/seal.ts';
import { cookie, outcome, sealedVerifier } from './support.ts';

const caseSchema = z.strictObject({
  name: z.string(),
  written: z.string(),
  at: z.int(),
  entry: z.record(z.string(), z.unknown()),
  cookies: z.record(z.string(), z.string()),
  session: z.strictObject({ issuer: z.string(), tenant: z.string(), user: z.string() }),
});

const cases = readCases('sealed').map(([, text]) => caseSchema.parse(parse(text)));

function header(cookies: Readonly<Record<string, string>>): string {
  return Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

describe('what a library itself wrote', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each(cases.map((one) => [one.name, one] as const))(
    '%s: is believed with the right secret, in any order of its cookies, and in its time alone',
    async (_, { at, entry, cookies, session }) => {
      const verify = sealedVerifier([entry]);
      vi.setSystemTime(at * 1000);
      const sent = header(cookies);
      expect(await verify(cookie(sent))).toMatchObject(session);
      expect(await verify(cookie(sent.split('; ').toReversed().join('; ')))).toMatchObject(session);

      const strangers = sealedVerifier([entry], {
        AUTH_SECRET: authSecret.toLowerCase(),
        AUTH_SECRET_OLD: authSecretOld.toLowerCase(),
      });
      expect(await outcome(strangers(cookie(sent)))).toBe('session_invalid');

      vi.setSystemTime((at - 3600) * 1000);
      expect(await outcome(verify(cookie(sent)))).toBe('session_invalid');
      vi.setSystemTime((at + 40 * 86_400) * 1000);
      expect(await outcome(verify(cookie(sent)))).toBe('session_expired');
    },
  );

  it('is refused without one of its chunks, or with one of them twice', async () => {
    const chunked = cases.filter(({ cookies }) => Object.keys(cookies).length > 1);
    expect(chunked).toHaveLength(3);
    for (const { at, entry, cookies } of chunked) {
      const verify = sealedVerifier([entry]);
      vi.setSystemTime(at * 1000);
      for (const left of Object.keys(cookies)) {
        const rest = Object.fromEntries(Object.entries(cookies).filter(([name]) => name !== left));
        expect(await outcome(verify(cookie(header(rest))))).toBe('session_invalid');
        const again = await outcome(verify(cookie(`${header(cookies)}; ${left}=x`)));
        expect(again).toBe('session_ambiguous');
      }
    }
  });
});

const name = '__Secure-authjs.session-token';
const entry = { tokens: [`cookie:${name}`] };

it('Auth.js today: a session is believed with its claims, its time and its name', async () => {
  const token = await encode({
    token: { sub: 'ada', tenant: 'acme', groups: [{ id: 7 }] },
    secret: authSecret,
    salt: name,
  });
  const session = await sealedVerifier([entry])(cookie(`${name}=${token}`));
  expect(session).toMatchObject({ issuer: 'storefront', tenant: 'acme', user: 'ada' });
  expect(session.claims.get('groups')).toEqual([new Map([['id', 7]])]);
  const past = await encode({
    token: { sub: 'ada', tenant: 'acme' },
    secret: authSecret,
    salt: name,
    maxAge: -60,
  });
  expect(await outcome(sealedVerifier([entry])(cookie(`${name}=${past}`)))).toBe('session_expired');
});

it('Auth.js: the key is the one of the cookie’s name, as configured', async () => {
  const token = await encode({ token: { sub: 'ada', tenant: 'acme' }, secret: authSecret, salt: name });
  const plain = 'authjs.session-token';
  const verify = sealedVerifier([{ tokens: [`cookie:${name}`, `cookie:${plain}`] }]);
  expect(await outcome(verify(cookie(`${name}=${token}`)))).toBe('believed');
  expect(await outcome(verify(cookie(`${plain}=${token}`)))).toBe('session_invalid');
});

it('Auth.js: the kid picks the secret, first, last or none of them', async () => {
  const seal = (secret: string): Promise<string> =>
    encode({ token: { sub: 'ada', tenant: 'acme' }, secret, salt: name });
  const verify = sealedVerifier([
    {
      ...entry,
      keys: { sealed: { format: 'authjs', secret: ['${env:AUTH_SECRET}', '${env:AUTH_SECRET_OLD}'] } },
    },
  ]);
  expect(await outcome(verify(cookie(`${name}=${await seal(authSecret)}`)))).toBe('believed');
  expect(await outcome(verify(cookie(`${name}=${await seal(authSecretOld)}`)))).toBe('believed');
  expect(await outcome(verify(cookie(`${name}=${await seal(`${authSecret}x`)}`)))).toBe('session_invalid');
});

describe('one session, sealed again by its library', () => {
  const names = async (
    fields: Readonly<Record<string, unknown>>,
    sealing: string,
  ): Promise<readonly string[]> =>
    (await sealedVerifier([fields])(cookie(sealing))).token.session?.digests ?? [];
  const common = (all: readonly (readonly string[])[]): readonly string[] =>
    (all[0] ?? []).filter((digest) => all.every((digests) => digests.includes(digest)));

  it('Auth.js: is known by the sid that the host’s jwt callback put in', async () => {
    const seal = async (sid?: string): Promise<readonly string[]> => {
      const token = { sub: 'ada', tenant: 'acme', sid };
      return names(entry, `${name}=${await encode({ token, secret: authSecret, salt: name })}`);
    };
    expect(common([await seal('s_1'), await seal('s_1'), await seal('s_1')])).toHaveLength(1);
    expect(common([await seal('s_1'), await seal('s_2')])).toEqual([]);
  });

  it('Auth.js: gives each sealing a jti of its own, so that without a sid nothing tells them to be one', async () => {
    const first = await encode({ token: { sub: 'ada', tenant: 'acme' }, secret: authSecret, salt: name });
    const opened = await sealedVerifier([entry])(cookie(`${name}=${first}`));
    const again = await encode({ token: plain(opened.claims), secret: authSecret, salt: name });
    const all = [await names(entry, `${name}=${first}`), await names(entry, `${name}=${again}`)];
    expect(all.map(({ length }) => length)).toEqual([1, 1]);
    expect(common(all)).toEqual([]);
  });

  it('next-auth 4: is known by a jti that it keeps, or a sid', async () => {
    const settings = {
      tokens: ['cookie:next-auth.session-token'],
      keys: { sealed: { format: 'next-auth', secret: '${env:AUTH_SECRET}' } },
    };
    const seal = (fields: Readonly<Record<string, unknown>>, later: number): Promise<readonly string[]> => {
      const iat = Math.floor(Date.now() / 1000) - 60 + later;
      const session = { sub: 'ada', tenant: 'acme', iat, exp: iat + 300, ...fields };
      return names(settings, `next-auth.session-token=${sealBytes(JSON.stringify(session))}`);
    };
    expect(common([await seal({ jti: 'one' }, 0), await seal({ jti: 'one' }, 30)])).toHaveLength(1);
    const renewed = [await seal({ jti: 'one', sid: 7 }, 0), await seal({ jti: 'two', sid: 7 }, 30)];
    expect(common(renewed)).toHaveLength(1);
  });

  it('nextjs-auth0: is known by internal.sid, which it keeps', async () => {
    const one = cases.find(({ name: case_ }) => case_ === 'nextjs-auth0 4');
    const at = one?.at ?? 0;
    vi.useFakeTimers({ toFake: ['Date'], now: at * 1000 });
    try {
      const session = {
        user: { sub: 'auth0|ada', org_id: 'acme' },
        tokenSet: { accessToken: 'renewed', expiresAt: at + 7200 },
        internal: { sid: 'sid-1', createdAt: at - 60 },
        exp: at + 90_000,
      };
      const again = (internal: object): Promise<readonly string[]> => {
        const sealed = sealBytes(JSON.stringify({ ...session, internal }), { info: 'JWE CEK' });
        return names(one?.entry ?? {}, `__session=${sealed}`);
      };
      const written = await names(one?.entry ?? {}, header(one?.cookies ?? {}));
      expect(written).toHaveLength(1);
      expect(await again(session.internal)).toEqual(written);
      expect(common([written, await again({ ...session.internal, sid: 'sid-2' })])).toEqual([]);
      expect(await again({ createdAt: at })).toEqual([]);
    } finally {
      vi.useRealTimers();
    }
  });
});

function plain(claims: ReadonlyMap<string, unknown>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(claims);
}
