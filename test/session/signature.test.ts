import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { bearer, claims, encode, entry, issuer, outcome, sign, signBytes, verifier } from './support.ts';

let server: KeyServer;
let pem: string;
let privateKey: CryptoKey;

beforeAll(async () => {
  server = await startKeyServer();
  const pair = await generateKeyPair('RS256', { extractable: true });
  privateKey = pair.privateKey;
  const jwk = await exportJWK(pair.publicKey);
  pem = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
});

afterAll(() => server.stop());

const byPem = (): ReturnType<typeof verifier> => verifier([entry({ keys: { pem }, algorithms: ['RS256'] })]);
const byKeySet = (): ReturnType<typeof verifier> =>
  verifier([entry({ issuer: server.issuer, keys: { jwks: server.jwksUrl }, algorithms: ['RS256'] })]);

function signRsa(key: CryptoKey, header: object = {}, fields: object = {}): Promise<string> {
  const token = new SignJWT({ ...claims(), ...fields });
  return token.setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
}

test('each changed character of header, payload or signature refuses the token', async () => {
  const verify = verifier();
  const token = sign();
  expect(await outcome(verify(bearer(token)))).toBe('believed');
  for (let index = 0; index < token.length; index += 7) {
    const changed = token[index] === 'A' ? 'B' : 'A';
    const forged = `${token.slice(0, index)}${changed}${token.slice(index + 1)}`;
    expect(await outcome(verify(bearer(forged))), `character ${index}`).toBe('session_invalid');
  }
});

test('the payload of one token does not pass with the signature of another', async () => {
  const [header, , signature] = sign().split('.');
  const payload = encode(JSON.stringify(claims({ org: 'globex' })));
  expect(await outcome(verifier()(bearer(`${String(header)}.${payload}.${String(signature)}`)))).toBe(
    'session_invalid',
  );
});

test.each(['none', 'None', 'NONE', '', 'HS256'])(
  'an unsigned token with alg "%s" is refused',
  async (alg) => {
    const input = `${encode(JSON.stringify({ alg }))}.${encode(JSON.stringify(claims()))}`;
    for (const token of [input, `${input}.`, `${input}.AA`]) {
      expect(await outcome(verifier()(bearer(token)))).toBe('session_invalid');
      expect(await outcome(byPem()(bearer(token)))).toBe('session_invalid');
    }
  },
);

test('a public key is never taken for an HMAC secret', async () => {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  const guesses = [pem, pem.trim(), `${pem}\n`, pem.replaceAll('\n', '\r\n'), der];
  for (const key of guesses) {
    expect(await outcome(byPem()(bearer(signBytes(JSON.stringify(claims()), { key }))))).toBe(
      'session_invalid',
    );
  }
  const jwks = await (await fetch(server.jwksUrl)).text();
  for (const kid of ['key-1', undefined]) {
    const payload = JSON.stringify(claims({ iss: server.issuer }));
    const token = signBytes(payload, { key: jwks, header: { alg: 'HS256', kid } });
    expect(await outcome(byKeySet()(bearer(token)))).toBe('session_invalid');
  }
});

test('an algorithm that the key could do but the entry does not name is refused', async () => {
  const verify = byKeySet();
  for (const alg of ['PS256', 'RS384', 'RS512'] as const) {
    const token = await server.sign({ sub: 'ada', org: 'acme' }, { alg, audience: 'analytics' });
    expect(await outcome(verify(bearer(token)))).toBe('session_invalid');
  }
});

test('an RSA key refuses the wrong private key and takes the right one', async () => {
  const { privateKey: strange } = await generateKeyPair('RS256');
  expect(await outcome(byPem()(bearer(await signRsa(privateKey))))).toBe('believed');
  expect(await outcome(byPem()(bearer(await signRsa(strange))))).toBe('session_invalid');
});

test('a key that the token brings along or points to is never used', async () => {
  const attacker = await startKeyServer();
  const { privateKey: strange, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const headers: object[] = [
    { jwk },
    { jwk, kid: 'key-1' },
    { jku: attacker.jwksUrl },
    { jku: attacker.jwksUrl, kid: 'key-1' },
    { x5u: `${attacker.issuer}/certificate.pem` },
    { x5c: [String(jwk.n)] },
    { kid: attacker.jwksUrl },
    { kid: '../../../../dev/null' },
    { kid: "' OR '1'='1" },
  ];
  for (const header of headers) {
    const local = await signRsa(strange, header);
    expect(await outcome(byPem()(bearer(local))), JSON.stringify(header)).toBe('session_invalid');
    const remote = await signRsa(strange, header, { iss: server.issuer });
    expect(await outcome(byKeySet()(bearer(remote))), JSON.stringify(header)).toBe('session_invalid');
    const genuine = await signRsa(privateKey, header);
    expect(await outcome(byPem()(bearer(genuine))), JSON.stringify(header)).toBe('believed');
  }
  expect(attacker.requests.size).toBe(0);
  await attacker.stop();
});

test.each([
  { crit: ['exp'], exp: 1 },
  { crit: ['http://example.com/x'], 'http://example.com/x': true },
  { crit: [] },
  { crit: 'b64' },
  { crit: ['b64'], b64: false },
  { crit: ['missing'] },
])('a critical header that nobody understands refuses the token: %j', async (header) => {
  const token = signBytes(JSON.stringify(claims()), { header: { alg: 'HS256', ...header } });
  expect(await outcome(verifier()(bearer(token)))).toBe('session_invalid');
});

test('an encrypted token is no session here', async () => {
  const parts = [JSON.stringify({ alg: 'dir', enc: 'A256GCM' }), '', 'iv', 'text', 'tag'].map(encode);
  expect(await outcome(verifier()(bearer(parts.join('.'))))).toBe('session_invalid');
});

test('iss picks the entry, and another entry’s key does not sign for it', async () => {
  const verify = verifier([
    entry(),
    entry({ issuer: 'https://rsa.example.com/', keys: { pem }, algorithms: ['RS256'], tenant: '"rsa"' }),
  ]);
  const rsa = await signRsa(privateKey, {}, { iss: 'https://rsa.example.com/' });
  expect(await verify(bearer(rsa))).toMatchObject({ issuer: 'https://rsa.example.com/', tenant: 'rsa' });
  expect(await verify(bearer(sign()))).toMatchObject({ issuer, tenant: 'acme' });
  expect(await outcome(verify(bearer(await signRsa(privateKey, {}, { iss: issuer }))))).toBe(
    'session_invalid',
  );
  expect(await outcome(verify(bearer(sign({ iss: 'https://rsa.example.com/' }))))).toBe('session_invalid');
});

test.each([
  undefined,
  null,
  '',
  7,
  [issuer],
  { issuer },
  'https://login.example.com',
  'https://LOGIN.example.com/',
  `${issuer} `,
  'https://unknown.example.com/',
])('an issuer that is not an entry’s to the letter is refused: %j', async (iss) => {
  expect(await outcome(verifier()(bearer(sign({ iss }))))).toBe('session_invalid');
});
