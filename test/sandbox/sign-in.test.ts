import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { startServer } from '../support/server.ts';
import { openSandbox } from './support.ts';

async function signIn(sandbox: Sandbox, person: string): Promise<Response> {
  const body = new URLSearchParams({ person });
  return fetch(`${sandbox.hostPageUrl}/sign-in`, { method: 'POST', body, redirect: 'manual' });
}

function cookieOf(reply: Response): string {
  return reply.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

function verify(sandbox: Sandbox, token: string) {
  const keys = createRemoteJWKSet(new URL(sandbox.jwksUrl));
  return jwtVerify(token, keys, { issuer: sandbox.issuer, audience: 'analytics', algorithms: ['RS256'] });
}

test('signing in sets a cookie whose token verifies against the published keys', async () => {
  const sandbox = await openSandbox();
  const reply = await signIn(sandbox, 'ben');
  expect(reply.status).toBe(303);
  expect(reply.headers.get('location')).toBe('/');
  expect(reply.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^session=[\w.-]+; HttpOnly; SameSite=Lax; Path=\/$/) as string,
  ]);

  const token = cookieOf(reply).slice('session='.length);
  expect(decodeProtectedHeader(token).kid).toEqual(expect.any(String));
  const { payload } = await verify(sandbox, token);
  expect(payload).toMatchObject({
    sub: 'ben',
    name: 'Ben',
    org_id: 'acme',
    plan: 'enterprise',
    roles: ['viewer'],
    permissions: ['analytics'],
    regions: ['EU'],
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600);
});

test('each person signs in as themselves, and one has no organisation', async () => {
  const sandbox = await openSandbox();
  const organisations: unknown[] = [];
  for (const person of ['ada', 'ben', 'grace', 'hugo', 'ivy', 'noa']) {
    const cookie = cookieOf(await signIn(sandbox, person));
    organisations.push((await verify(sandbox, cookie.slice('session='.length))).payload.org_id);
  }
  expect(organisations).toEqual(['acme', 'acme', 'globex', 'globex', 'globex', undefined]);
});

test('nobody else can sign in', async () => {
  const sandbox = await openSandbox();
  for (const person of ['mallory', '', 'constructor']) {
    const reply = await signIn(sandbox, person);
    expect(reply.status).toBe(400);
    expect(reply.headers.getSetCookie()).toEqual([]);
  }
});

async function signOut({ hostPageUrl }: Sandbox, cookie = ''): Promise<void> {
  const reply = await fetch(`${hostPageUrl}/sign-out`, {
    method: 'POST',
    headers: { cookie },
    redirect: 'manual',
  });
  expect(reply.status).toBe(303);
  expect(reply.headers.getSetCookie()[0]).toMatch(/^session=; .*Max-Age=0$/);
}

test('signing out ends the session at the gateway before the cookie goes', async () => {
  const asked: unknown[] = [];
  const port = await startServer(({ method, url, headers }, _body, response) => {
    asked.push([method, url, headers.authorization]);
    response.writeHead(204).end();
  });
  const sandbox = await openSandbox({ gatewayUrl: `http://localhost:${port}` });
  const cookie = cookieOf(await signIn(sandbox, 'ada'));
  await signOut(sandbox, cookie);
  expect(asked).toEqual([['POST', '/sign-out', `Bearer ${cookie.slice('session='.length)}`]]);
  // whoever has no session has none to end
  await signOut(sandbox);
  await signOut(sandbox, 'session=');
  expect(asked).toHaveLength(1);
});

test('a gateway that is away or answers with a fault keeps nobody from signing out', async () => {
  const port = await startServer((_request, _body, response) => {
    response.writeHead(503).end();
  });
  for (const gatewayUrl of [`http://localhost:${port}`, 'http://localhost:1']) {
    const sandbox = await openSandbox({ gatewayUrl });
    await signOut(sandbox, cookieOf(await signIn(sandbox, 'ada')));
  }
});

test('discovery names the issuer and its keys, and no private part of a key is published', async () => {
  const sandbox = await openSandbox();
  const discovery: unknown = await (await fetch(`${sandbox.issuer}/.well-known/openid-configuration`)).json();
  expect(discovery).toMatchObject({ issuer: sandbox.issuer, jwks_uri: sandbox.jwksUrl });
  const jwks: unknown = await (await fetch(sandbox.jwksUrl)).json();
  expect(jwks).toEqual({
    keys: [
      {
        kty: 'RSA',
        alg: 'RS256',
        use: 'sig',
        e: 'AQAB',
        kid: expect.any(String) as string,
        n: expect.any(String) as string,
      },
    ],
  });
});

test('signSession lays claims over the person, leaves out what is undefined, and can expire', async () => {
  const sandbox = await openSandbox();
  const grace = await sandbox.signSession({ sub: 'grace', plan: 'trial', org_id: undefined });
  const { payload } = await verify(sandbox, grace);
  expect(payload).toMatchObject({ sub: 'grace', name: 'Grace', plan: 'trial' });
  expect(payload).not.toHaveProperty('org_id');
  const expired = await sandbox.signSession({}, { expiresIn: '-1m' });
  await expect(verify(sandbox, expired)).rejects.toThrow('"exp"');
});
