import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { startFakeProvider, type Answer } from '../support/fake-provider.ts';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { startServer, type Handler } from '../support/server.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { bearer, entry, outcome, verifier } from './support.ts';

/** The most bytes that an answer may have. */
const bytesMax = 262_144;

async function startSigner(): Promise<KeyServer> {
  const signer = await startKeyServer();
  onTestFinished(() => signer.stop());
  return signer;
}

/** What becomes of a good token when the keys come from this address. */
async function askWith(signer: KeyServer, keys: object): Promise<string> {
  const verify = verifier([entry({ issuer: signer.issuer, keys, algorithms: ['RS256'] })]);
  const token = await signer.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics' });
  return outcome(verify(bearer(token)));
}

async function keySetOf(signer: KeyServer): Promise<string> {
  return (await fetch(signer.jwksUrl)).text();
}

/** Good JSON and a good key set, of exactly so many bytes. */
function padded(keySet: string, bytes: number): string {
  return keySet + ' '.repeat(bytes - Buffer.byteLength(keySet));
}

describe('an answer that is not in order makes sessions unverifiable', () => {
  test.each<[string, (keySet: string) => Answer]>([
    ['is no HTTP', () => 'noise'],
    ['breaks off before it starts', () => 'reset'],
    ['breaks off in the middle', () => 'reset in the body'],
    ['is empty', () => ({ status: 200 })],
    ['is over 256 kB by one byte', (keySet) => ({ status: 200, body: padded(keySet, bytesMax + 1) })],
    ['is not UTF-8', () => ({ status: 200, body: Buffer.from('{"keys":[],"a":"\xff"}', 'latin1') })],
    [
      'is compressed',
      (keySet) => ({ status: 200, body: gzipSync(keySet), headers: { 'content-encoding': 'gzip' } }),
    ],
    ['is a redirect to itself', () => ({ status: 307, headers: { location: '/' } })],
    ['is the key set, with status 206', (keySet) => ({ status: 206, body: keySet })],
    [
      'has a header without end',
      (keySet) => ({ status: 200, body: keySet, headers: { 'x-long': 'x'.repeat(500_000) } }),
    ],
  ])('one that %s', async (_, answer) => {
    const signer = await startSigner();
    const server = await startFakeProvider();
    onTestFinished(() => server.stop());
    server.answer(answer(await keySetOf(signer)));
    expect(await askWith(signer, { jwks: `${server.origin}/jwks` })).toBe('session_unverifiable');
    expect(server.calls).toHaveLength(1);
  });

  const endless: Handler = (_request, _body, response) => {
    const chunk = Buffer.alloc(65_536, ' ');
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', write);
    write();
  };
  const dripping: Handler = (_request, _body, response) => {
    response.write('{');
    const timer = setInterval(() => response.write(' '), 100);
    response.on('close', () => {
      clearInterval(timer);
    });
  };
  test.each<[string, Handler]>([
    ['never ends', endless],
    ['comes byte by byte', dripping],
  ])('one that %s, within six seconds, and its connection is closed', async (_, handler) => {
    const signer = await startSigner();
    let closed: Promise<unknown> | undefined;
    const port = await startServer((request, body, response) => {
      closed = once(response, 'close');
      handler(request, body, response);
    });
    const startedAt = performance.now();
    expect(await askWith(signer, { jwks: `http://127.0.0.1:${port}/jwks` })).toBe('session_unverifiable');
    expect(performance.now() - startedAt).toBeLessThan(6000);
    await closed;
  });

  test('a discovery that takes its time leaves the key set no more than the rest of it', async () => {
    const signer = await startSigner();
    const port = await startServer((request, _body, response) => {
      const issuer = `http://127.0.0.1:${port}`;
      if (request.url === '/jwks') return;
      setTimeout(() => response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/jwks` })), 3000);
    });
    const issuer = `http://127.0.0.1:${port}`;
    const verify = verifier([entry({ issuer, keys: { discovery: true }, algorithms: ['RS256'] })]);
    const token = await signer.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics', issuer });
    const startedAt = performance.now();
    expect(await outcome(verify(bearer(token)))).toBe('session_unverifiable');
    expect(performance.now() - startedAt).toBeLessThan(6000);
  });
});

test('an answer of 256 kB is read', async () => {
  const signer = await startSigner();
  const server = await startFakeProvider();
  onTestFinished(() => server.stop());
  server.answer({ status: 200, body: padded(await keySetOf(signer), bytesMax) });
  expect(await askWith(signer, { jwks: `${server.origin}/jwks` })).toBe('believed');
});

describe('a key server over TLS', () => {
  test('is believed with its own authority in keys.ca, and with no other', { timeout: 30_000 }, async () => {
    const signer = await startSigner();
    const keySet = await keySetOf(signer);
    const [authority, other] = [createAuthority(), createAuthority()];
    const { certificate: cert, privateKey: key } = authority.issue('IP:127.0.0.1');
    const port = await startTlsServer({ cert, key }, (_request, response) => response.end(keySet));
    const jwks = `https://127.0.0.1:${port}/jwks`;
    expect(await askWith(signer, { jwks, ca: authority.certificate })).toBe('believed');
    expect(await askWith(signer, { jwks, ca: other.certificate + authority.certificate })).toBe('believed');
    expect(await askWith(signer, { jwks, ca: other.certificate })).toBe('session_unverifiable');
    expect(await askWith(signer, { jwks })).toBe('session_unverifiable');
  });

  test('is not believed under another name than its certificate’s', async () => {
    const signer = await startSigner();
    const keySet = await keySetOf(signer);
    const authority = createAuthority();
    const { certificate: cert, privateKey: key } = authority.issue('DNS:login.example.com');
    const port = await startTlsServer({ cert, key }, (_request, response) => response.end(keySet));
    const keys = { jwks: `https://127.0.0.1:${port}/jwks`, ca: authority.certificate };
    expect(await askWith(signer, keys)).toBe('session_unverifiable');
  });

  test('is believed for discovery and the key set alike', async () => {
    const signer = await startSigner();
    const keySet = await keySetOf(signer);
    const authority = createAuthority();
    const { certificate: cert, privateKey: key } = authority.issue('IP:127.0.0.1');
    const paths: unknown[] = [];
    const port = await startTlsServer({ cert, key }, (request, response) => {
      const issuer = `https://127.0.0.1:${port}`;
      paths.push(request.url);
      response.end(request.url === '/keys' ? keySet : JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    });
    const issuer = `https://127.0.0.1:${port}`;
    const keys = { discovery: true, ca: authority.certificate };
    const verify = verifier([entry({ issuer, keys, algorithms: ['RS256'] })]);
    const token = await signer.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics', issuer });
    expect(await outcome(verify(bearer(token)))).toBe('believed');
    expect(paths).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  test.each<
    [string, (keysAt: (path: string) => { readonly plain: string; readonly tls: string }) => unknown]
  >([
    ['plain http to a loopback host', (at) => at('/keys').plain],
    ['plain http to localhost', (at) => at('/keys').plain.replace('127.0.0.1', 'localhost')],
    [
      'plain http to a name below localhost',
      (at) => at('/keys').plain.replace('127.0.0.1', 'keys.localhost'),
    ],
    ['plain http in capitals', (at) => at('/keys').plain.replace('http:', 'HTTP:')],
    ['https with a user', (at) => at('/keys').tls.replace('https://', 'https://user@')],
    ['https with a password', (at) => at('/keys').tls.replace('https://', 'https://:password@')],
    ['an address without a scheme', (at) => at('/keys').tls.replace('https:', '')],
    ['a list of addresses', (at) => [at('/keys').tls]],
  ])('leads to no key set by %s, its own discovery being https', async (_, address) => {
    const signer = await startSigner();
    const keySet = await keySetOf(signer);
    const authority = createAuthority();
    const { certificate: cert, privateKey: key } = authority.issue('IP:127.0.0.1,DNS:localhost');
    const plain = await startFakeProvider();
    onTestFinished(() => plain.stop());
    plain.answer({ status: 200, body: keySet });
    const paths: unknown[] = [];
    const port = await startTlsServer({ cert, key }, (request, response) => {
      paths.push(request.url);
      const keysAt = (path: string) => ({
        plain: `${plain.origin}${path}`,
        tls: `https://127.0.0.1:${port}${path}`,
      });
      const document = { issuer: `https://127.0.0.1:${port}`, jwks_uri: address(keysAt) };
      response.end(request.url === '/keys' ? keySet : JSON.stringify(document));
    });
    const issuer = `https://127.0.0.1:${port}`;
    const keys = { discovery: true, ca: authority.certificate };
    const verify = verifier([entry({ issuer, keys, algorithms: ['RS256'] })]);
    const token = await signer.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics', issuer });
    expect(await outcome(verify(bearer(token)))).toBe('session_unverifiable');
    expect([paths, plain.calls]).toEqual([['/.well-known/openid-configuration'], []]);
  });
});
