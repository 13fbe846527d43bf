import { encode } from '../support/auth-core.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readCases } from '../support/cases.ts';
import { authSecret, authSecretOld } from '../support/seal.ts';
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
