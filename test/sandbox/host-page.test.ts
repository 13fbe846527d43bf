import { expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { openSandbox } from './support.ts';

async function page(sandbox: Sandbox, path: string, token?: string): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { cookie: `other=1; session=${token}` };
  return (await fetch(`${sandbox.hostPageUrl}${path}`, { headers })).text();
}

test('whoever is signed out is offered everybody to sign in as', async () => {
  const sandbox = await openSandbox();
  const markup = await page(sandbox, '/');
  for (const person of ['ada', 'ben', 'grace', 'hugo', 'noa']) {
    expect(markup).toContain(`data-testid="sign-in-${person}"`);
  }
  expect(await page(sandbox, '/without-script')).toBe(markup);
});

test('whoever is signed in sees who that is and a frame without a sandbox attribute', async () => {
  const sandbox = await openSandbox();
  const markup = await page(sandbox, '/', await sandbox.signSession({ sub: 'hugo' }));
  expect(markup).toMatch(/data-testid="who">.*Hugo, Globex/s);
  expect(markup).toContain('data-gateway="http://localhost:8080"');
  const frame = /<iframe[^>]*>/.exec(markup)?.[0] ?? '';
  expect(frame).toContain('data-testid="embed"');
  expect(frame).toContain('allow="clipboard-write"');
  expect(frame).not.toContain('sandbox');
});

test('a token that is expired, foreign or unreadable is no sign-in', async () => {
  const sandbox = await openSandbox();
  const other = await openSandbox();
  const tokens = [
    await sandbox.signSession({}, { expiresIn: '-1m' }),
    await sandbox.signSession({ aud: 'billing' }),
    await other.signSession({ iss: sandbox.issuer }),
    'x',
    '',
  ];
  for (const token of tokens) expect(await page(sandbox, '/', token)).toContain('data-testid="sign-in-ada"');
});

test('without a script the frame asks the gateway itself, with a known region only', async () => {
  const sandbox = await openSandbox();
  const token = await sandbox.signSession({});
  const frame = 'http://localhost:8080/embeds/sales/frame';
  expect(await page(sandbox, '/without-script', token)).toContain(`src="${frame}"`);
  expect(await page(sandbox, '/without-script?region=EU', token)).toContain(`src="${frame}?region=EU"`);
  expect(await page(sandbox, '/without-script?region="><script>', token)).toContain(`src="${frame}"`);
});

test('the page may load its own files, call the gateway and frame what it answers, nothing else', async () => {
  const sandbox = await openSandbox();
  const { headers } = await fetch(sandbox.hostPageUrl);
  const hexOrigin = new URL(sandbox.hexBaseUrl).origin;
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    'connect-src http://localhost:8080',
    `frame-src http://localhost:8080 ${hexOrigin}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
});

test('a taken port refuses to start and leaves nothing listening', async () => {
  const sandbox = await openSandbox();
  const hostPagePort = Number(new URL(sandbox.hostPageUrl).port);
  const spare = await openSandbox();
  const hexPort = Number(new URL(spare.hexBaseUrl).port);
  await spare.close();
  await expect(startSandbox({ hostPagePort, hexPort, gatewayUrl: 'http://localhost:8080' })).rejects.toThrow(
    'EADDRINUSE',
  );
  await expect(fetch(`http://localhost:${hexPort}/`)).rejects.toThrow();
});
