import { expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { freePorts, openSandbox } from './support.ts';

async function page(sandbox: Sandbox, path: string, token?: string): Promise<string> {
  const headers: Record<string, string> = token === undefined ? {} : { cookie: `other=1; session=${token}` };
  return (await fetch(`${sandbox.hostPageUrl}${path}`, { headers })).text();
}

test('whoever is signed out is offered everybody to sign in as', async () => {
  const sandbox = await openSandbox();
  const markup = await page(sandbox, '/');
  for (const person of ['ada', 'ben', 'grace', 'hugo', 'ivy', 'noa']) {
    expect(markup).toContain(`data-testid="sign-in-${person}"`);
  }
  expect(await page(sandbox, '/without-script')).toBe(markup);
  expect(await page(sandbox, '/handbook')).toBe(markup);
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

test('each tab with a script names its embed, and says without one that it needs it and which tab does not', async () => {
  const sandbox = await openSandbox();
  const token = await sandbox.signSession({});
  for (const [path, embed] of Object.entries({ '/': 'sales', '/handbook': 'handbook' })) {
    const markup = await page(sandbox, path, token);
    expect(markup).toContain(`data-embed="${embed}"`);
    expect(markup).toMatch(/<noscript>.*JavaScript.*<a href="\/without-script">.*<\/noscript>/s);
  }
});

test('the three products stand side by side, each with the embed that it asks for', async () => {
  const sandbox = await openSandbox();
  const markup = await page(sandbox, '/side-by-side', await sandbox.signSession({}));
  const asked = [...markup.matchAll(/data-embed="(\w+)"/g)].map(([, name]) => name);
  expect(asked).toEqual(['sales', 'pipeline', 'churn']);
  expect(markup.split('<iframe')).toHaveLength(4);
  expect(markup).toMatch(/<noscript>.*JavaScript.*<a href="\/without-script">.*<\/noscript>/s);
  expect(await page(sandbox, '/side-by-side')).toContain('data-testid="sign-in-ada"');
});

test('Metabase’s own script is loaded in its tab alone, and asks the gateway', async () => {
  const sandbox = await openSandbox();
  const headers = { cookie: `session=${await sandbox.signSession({})}` };
  const guest = await fetch(`${sandbox.hostPageUrl}/embed-js`, { headers });
  expect(await guest.text()).toContain(`<script defer src="${sandbox.metabaseSiteUrl}/app/embed.js">`);
  expect(guest.headers.get('content-security-policy')).toContain(
    `; script-src 'self' ${sandbox.metabaseSiteUrl}; style-src 'self';`,
  );
  expect(await page(sandbox, '/guest-config.js')).toBe(
    `window.metabaseConfig = {"isGuest":true,"instanceUrl":"${sandbox.metabaseSiteUrl}","guestEmbedProviderUri":"http://localhost:8080/metabase/guest-token"};\n`,
  );
  expect(await page(sandbox, '/embed-js')).toContain('data-testid="sign-in-ada"');
});

test('the page may load its own files, call the gateway and frame what it answers, nothing else', async () => {
  const sandbox = await openSandbox();
  const { headers } = await fetch(sandbox.hostPageUrl);
  const frames = [new URL(sandbox.hexBaseUrl).origin, sandbox.cubeBaseUrl, sandbox.metabaseSiteUrl];
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src data:',
    'connect-src http://localhost:8080',
    `frame-src http://localhost:8080 ${frames.join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
});

test.each(['hostPagePort', 'hexPort', 'cubePort', 'metabasePort'] as const)(
  'a taken %s is refused with the error of Node, and nothing is left listening',
  async (name) => {
    const taken = Number(new URL((await openSandbox()).hostPageUrl).port);
    const spare = await openSandbox();
    const free = Number(new URL(spare.hexBaseUrl).port);
    await spare.close();
    // the stand-in for Hex is the first that listens, the host page the last
    const first = name === 'hexPort' ? 'hostPagePort' : 'hexPort';
    const ports = { ...freePorts, [first]: free, [name]: taken };
    await expect(startSandbox({ ...ports, gatewayUrl: 'http://localhost:8080' })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: taken,
    });
    await expect(fetch(`http://localhost:${free}/`)).rejects.toThrow();
  },
);
