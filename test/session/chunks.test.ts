import { describe, expect, it, test } from 'vitest';
import { sealBytes } from '../support/seal.ts';
import { cookie, nowSeconds, outcome, sealedVerifier, sign, verifier } from './support.ts';

const name = 'next-auth.session-token';
const sealedEntry = {
  tokens: [`cookie:${name}`],
  keys: { sealed: { format: 'next-auth', secret: '${env:AUTH_SECRET}' } },
};

function sealed(padding = 0): string {
  const now = nowSeconds();
  const claims = { sub: 'ada', tenant: 'acme', iat: now, exp: now + 300, padding: 'x'.repeat(padding) };
  return sealBytes(JSON.stringify(claims));
}

/** The token in `count` cookies, named from `separator` and the index. */
function chunked(token: string, count: number, { prefix = name, separator = '.' } = {}): readonly string[] {
  const size = Math.ceil(token.length / count);
  return Array.from(
    { length: count },
    (_, index) => `${prefix}${separator}${index}=${token.slice(index * size, (index + 1) * size)}`,
  );
}

const judge = (cookies: readonly string[]): Promise<string> =>
  outcome(sealedVerifier([sealedEntry])(cookie(cookies.join('; '))));

describe('a cookie in chunks', () => {
  const token = sealed();

  it('is joined from one to ten, in the order of their numbers', async () => {
    for (const count of [1, 2, 3, 9, 10]) {
      expect(await judge(chunked(token, count))).toBe('believed');
      expect(await judge(chunked(token, count).toReversed())).toBe('believed');
      expect(await judge(['a=1', ...chunked(token, count), `${name}.x=1`])).toBe('believed');
    }
  });

  it('is refused with a chunk missing, wherever', async () => {
    for (const missing of [0, 1, 2]) {
      expect(await judge(chunked(token, 4).toSpliced(missing, 1))).toBe('session_invalid');
    }
    expect(await judge([`${name}.1=${token}`])).toBe('session_invalid');
    expect(await judge(chunked(token, 3).slice(0, 2))).toBe('session_invalid');
    expect(await judge(chunked(token, 3).with(1, `${name}.1=`))).toBe('session_invalid');
  });

  it('is refused when its chunks stand in another order than their numbers say', async () => {
    const [first = '', second = ''] = chunked(token, 2).map((one) => one.split('=', 2)[1]);
    expect(await judge([`${name}.0=${second}`, `${name}.1=${first}`])).toBe('session_invalid');
  });

  it('is refused beyond ten, though what is beyond be empty of meaning', async () => {
    expect(await judge(chunked(token, 11))).toBe('session_invalid');
    expect(await judge([...chunked(token, 10), `${name}.10=x`])).toBe('session_invalid');
    expect(await judge([...chunked(token, 2), `${name}.99=x`])).toBe('session_invalid');
  });

  it('is nobody’s session beside the whole cookie, or with a chunk in two values', async () => {
    expect(await judge([`${name}=${token}`, ...chunked(token, 2)])).toBe('session_ambiguous');
    expect(await judge([`${name}=${token}`, `${name}.0=x`])).toBe('session_ambiguous');
    expect(await judge([`${name}=${token}`, `${name}.7=x`])).not.toBe('believed');
    expect(await judge([...chunked(token, 2), `${name}.1=x`])).toBe('session_ambiguous');
    expect(await judge([`${name}.1=x`, ...chunked(token, 2)])).toBe('session_ambiguous');
  });

  it('is one session with a chunk twice in one value, and beside what a sign-out emptied', async () => {
    const chunks = chunked(token, 2);
    expect(await judge([...chunks, ...chunks])).toBe('believed');
    expect(await judge([...chunks, `${name}=`, `${name}.2=`])).toBe('believed');
    expect(await judge([`${name}=${token}`, `${name}.0=`])).toBe('believed');
  });

  it('never takes in a cookie that merely begins alike', async () => {
    const chunks = chunked(token, 2);
    const others = ['.02', '.00', '.+2', '.2x', '.100', '.-1', '.1e0', '.', '', '_0', '__0', '0', '.0.0'];
    for (const other of others.filter((suffix) => suffix !== '')) {
      expect(await judge([...chunks, `${name}${other}=x`]), other).toBe('believed');
      expect(await judge([`${name}${other}=${token}`]), other).toBe('session_missing');
    }
    expect(await judge([...chunks, `x${name}.2=x`, `${name.toUpperCase()}.2=x`])).toBe('believed');
  });

  it('may have 16,384 characters together and not one more', async () => {
    const base = sealed().length;
    const fits = sealed(Math.floor(((16_384 - base) * 3) / 4));
    expect(fits.length).toBeGreaterThan(16_380);
    expect(fits.length).toBeLessThanOrEqual(16_384);
    expect(await judge(chunked(fits, 5))).toBe('believed');
    const over = sealed(Math.floor(((16_384 - base) * 3) / 4) + 3);
    expect(over.length).toBeGreaterThan(16_384);
    expect(await judge(chunked(over, 5))).toBe('session_invalid');
  });
});

test('nextjs-auth0 names its chunks otherwise, and is read so alone', async () => {
  const now = nowSeconds();
  const claims = { user: { sub: 'ada', org: 'acme' }, internal: { createdAt: now }, exp: now + 300 };
  const token = sealBytes(JSON.stringify(claims), { info: 'JWE CEK' });
  const verify = sealedVerifier([
    {
      tokens: ['cookie:__session'],
      keys: { sealed: { format: 'nextjs-auth0', secret: '${env:AUTH_SECRET}' } },
      tenant: 'claims.user.org',
      user: 'claims.user.sub',
    },
  ]);
  const ask = (chunks: readonly string[]): Promise<string> => outcome(verify(cookie(chunks.join('; '))));
  const own = { prefix: '__session', separator: '__' };
  expect(await ask(chunked(token, 3, own))).toBe('believed');
  expect(await ask(chunked(token, 3, { prefix: '__session', separator: '.' }))).toBe('session_missing');
  expect(await ask([...chunked(token, 3, own), '__session_abc=x', '__session.0=x'])).toBe('believed');
  expect(await ask([...chunked(token, 3, own), `__session=${token}`])).toBe('session_ambiguous');
});

test('a signed token may come in chunks too', async () => {
  const token = sign();
  const verify = verifier();
  const sent = chunked(token, 3, { prefix: 'session' });
  expect(await outcome(verify(cookie(sent.join('; '))))).toBe('believed');
  expect(await outcome(verify(cookie(sent.slice(1).join('; '))))).toBe('session_invalid');
  expect(await outcome(verify(cookie([...sent, `session=${token}`].join('; '))))).toBe('session_ambiguous');
});

test('thousands of cookies are read in no time', async () => {
  const many = Array.from({ length: 4000 }, (_, index) => `${name}.${index % 200}=${index}`).join('; ');
  const startedAt = performance.now();
  expect(await judge([many])).toBe('session_ambiguous');
  expect(await judge(['; '.repeat(16_000)])).toBe('session_missing');
  expect(await judge([`${name}=${'"'.repeat(30_000)}`])).toBe('session_invalid');
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
