import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { VerifySession } from '../../src/gateway/session.ts';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { startFakeProvider } from '../support/fake-provider.ts';
import { bearer, claims, entry, outcome, sign, verifier } from './support.ts';

const jwksPath = '/.well-known/jwks.json';
const discoveryPath = '/.well-known/openid-configuration';

let server: KeyServer;

beforeEach(async () => {
  server = await startKeyServer();
});

afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

const jwksEntry = (): ReturnType<typeof entry> =>
  entry({ issuer: server.issuer, keys: { jwks: server.jwksUrl }, algorithms: ['RS256'] });
const discoveryEntry = (): ReturnType<typeof entry> =>
  entry({ issuer: server.issuer, keys: { discovery: true }, algorithms: ['RS256'] });

const token = (kid?: string): Promise<string> =>
  server.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics', ...(kid === undefined ? {} : { kid }) });

/** Makes the clocks stand still until {@link pass}. */
function holdClocks(): void {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
}

function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}

async function ask(verify: VerifySession, kid?: string): Promise<string> {
  return outcome(verify(bearer(await token(kid))));
}

test('a shared secret, a public key in PEM form, a key set and discovery each verify', async () => {
  expect(await outcome(verifier()(bearer(sign())))).toBe('believed');
  expect(await ask(verifier([jwksEntry()]))).toBe('believed');
  expect(await ask(verifier([discoveryEntry()]))).toBe('believed');
  for (const alg of ['RS256', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const key = { ...(await exportJWK(publicKey)) };
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const verify = verifier([entry({ keys: { pem }, algorithms: [alg] })]);
    const signed = await new SignJWT({ ...claims() }).setProtectedHeader({ alg }).sign(privateKey);
    expect(await outcome(verify(bearer(signed))), alg).toBe('believed');
  }
});

test('keys and discovery are asked once and kept, for many sessions at once too', async () => {
  const verify = verifier([discoveryEntry()]);
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask(verify)));
  expect(new Set(outcomes)).toEqual(new Set(['believed']));
  await ask(verify);
  expect(server.requests).toEqual(
    new Map([
      [discoveryPath, 1],
      [jwksPath, 1],
    ]),
  );
});

test('a session goes on with the keys it has while the key server is away', async () => {
  const verify = verifier([discoveryEntry()]);
  expect(await ask(verify)).toBe('believed');
  server.behave('status 500');
  expect(await ask(verify)).toBe('believed');
});

test.each(['status 500', 'redirect', 'oversized', 'not JSON'] as const)(
  'a key server that answers %s makes sessions unverifiable, not invalid, and a second later it is asked again',
  async (behaviour) => {
    holdClocks();
    const verifiers = [verifier([jwksEntry()]), verifier([discoveryEntry()])];
    server.behave(behaviour);
    for (const verify of verifiers) expect(await ask(verify)).toBe('session_unverifiable');
    expect(server.requests.has('/elsewhere')).toBe(false);
    server.behave('normal');
    pass(1000);
    for (const verify of verifiers) expect(await ask(verify)).toBe('believed');
  },
);

test('a key server that is down makes sessions unverifiable', async () => {
  const tokens = [await token(), await token()];
  const verifiers = [verifier([jwksEntry()]), verifier([discoveryEntry()])];
  await server.stop();
  for (const [index, verify] of verifiers.entries()) {
    expect(await outcome(verify(bearer(tokens[index] ?? '')))).toBe('session_unverifiable');
  }
  server = await startKeyServer();
});

test('a key server that never answers makes sessions unverifiable within six seconds', async () => {
  server.behave('hang');
  const startedAt = performance.now();
  const verifiers = [verifier([jwksEntry()]), verifier([discoveryEntry()])];
  const outcomes = await Promise.all(verifiers.map((verify) => ask(verify)));
  expect(outcomes).toEqual(['session_unverifiable', 'session_unverifiable']);
  expect(performance.now() - startedAt).toBeLessThan(6000);
});

test('the keys of one issuer being away leaves another’s sessions alone', async () => {
  server.behave('status 500');
  const verify = verifier([jwksEntry(), entry()]);
  expect(await ask(verify)).toBe('session_unverifiable');
  expect(await outcome(verify(bearer(sign())))).toBe('believed');
});

test.each<[string, Record<string, unknown>]>([
  ['names another issuer', { issuer: 'https://login.example.com' }],
  ['names no issuer', { issuer: undefined }],
  ['has no jwks_uri', { jwks_uri: undefined }],
  ['has a jwks_uri that is no URL', { jwks_uri: 'keys' }],
  ['has a jwks_uri that is a file', { jwks_uri: 'file:///etc/keys.json' }],
])('a discovery document that %s is not followed', async (_case, fields) => {
  server.discover(fields);
  expect(await ask(verifier([discoveryEntry()]))).toBe('session_unverifiable');
  expect(server.requests.has(jwksPath)).toBe(false);
});

test('a discovery document whose jwks_uri is plain http, and not to a loopback host, is not followed', async () => {
  // which reaches this machine all the same, so that following it would be seen
  server.discover({ jwks_uri: server.jwksUrl.replace('127.0.0.1', '0.0.0.0') });
  expect(await ask(verifier([discoveryEntry()]))).toBe('session_unverifiable');
  expect(server.requests.has(jwksPath)).toBe(false);
});

test('an answer that is JSON but no key set makes sessions unverifiable', async () => {
  holdClocks();
  // the discovery document is such an answer, and so is a list of keys that are none
  const jwks = `${server.issuer}${discoveryPath}`;
  const verify = verifier([entry({ issuer: server.issuer, keys: { jwks }, algorithms: ['RS256'] })]);
  for (const keys of [undefined, {}, 'none', [1], [null], [[]]]) {
    server.discover({ keys });
    pass(30_000);
    expect(await ask(verify), JSON.stringify(keys)).toBe('session_unverifiable');
  }
});

test.each([201, 203, 302, 404, 500])(
  'a key set that comes with status %i is not believed',
  async (status) => {
    holdClocks();
    const body = await (await fetch(server.jwksUrl)).text();
    const other = await startFakeProvider();
    other.answer({ status, body });
    const verify = verifier([
      entry({ issuer: server.issuer, keys: { jwks: `${other.origin}/jwks` }, algorithms: ['RS256'] }),
    ]);
    expect(await ask(verify)).toBe('session_unverifiable');
    other.answer({ status: 200, body });
    pass(1000);
    expect(await ask(verify)).toBe('believed');
    await other.stop();
  },
);

test.each([
  ['a key set', jwksEntry, jwksPath],
  ['discovery', discoveryEntry, discoveryPath],
])('while %s fails, tokens do not drive the fetching: 1 s, then doubling to 30 s', async (_, of, path) => {
  holdClocks();
  const verify = verifier([of()]);
  server.behave('status 500');
  const rush = await Promise.all(Array.from({ length: 20 }, (_item, index) => ask(verify, `kid-${index}`)));
  expect(new Set(rush)).toEqual(new Set(['session_unverifiable']));
  for (const [index, seconds] of [1, 2, 4, 8, 16, 30, 30].entries()) {
    pass(seconds * 1000 - 1);
    expect(await ask(verify)).toBe('session_unverifiable');
    expect(server.requests.get(path)).toBe(index + 1);
    pass(1);
    expect(await ask(verify)).toBe('session_unverifiable');
    expect(server.requests.get(path)).toBe(index + 2);
  }
  server.behave('normal');
  pass(29_999);
  expect(await ask(verify)).toBe('session_unverifiable');
  pass(1);
  expect(await ask(verify)).toBe('believed');
});
