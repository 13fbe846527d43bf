import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openSandbox } from '../sandbox/support.ts';
import {
  configOver,
  getEmbedUrl,
  hostOrigin,
  problemIn,
  startGateway,
  type RunningGateway,
} from '../support/gateway.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

const issuedSchema = z.strictObject({
  url: z.url(),
  embed: z.string(),
  provider: z.literal('hex'),
  expiresAt: z.iso.datetime(),
  singleUse: z.literal(true),
  combination: z.strictObject({ key: z.string().regex(/^[\w-]{43}$/), warm: z.boolean() }),
});

async function running(more = ''): Promise<{ sandbox: Sandbox; gateway: RunningGateway; token: string }> {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox, { more }), { HEX_TOKEN: sandbox.hexToken });
  return { sandbox, gateway, token: await sandbox.signSession({ sub: 'ada' }) };
}

describe('a believed session gets a single-use URL', () => {
  it('by GET and by POST, in the documented form, warm the second time', async () => {
    const { sandbox, gateway, token } = await running();
    const first = await getEmbedUrl(gateway, token, 'embed=sales&region=EU&topN=5');
    expect(first.status).toBe(200);
    const issued = issuedSchema.parse(await first.json());
    expect(issued.combination.warm).toBe(false);
    expect(Date.parse(issued.expiresAt) - Date.now()).toBeGreaterThan(10_000);
    expect(Date.parse(issued.expiresAt) - Date.now()).toBeLessThanOrEqual(15_000);

    const second = await fetch(`${gateway.url}/embed-url`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ embed: 'sales', inputs: { region: 'EU', topN: 5 } }),
    });
    const again = issuedSchema.parse(await second.json());
    expect(again.combination).toEqual({ key: issued.combination.key, warm: true });
    expect(again.url).not.toBe(issued.url);

    expect(sandbox.hexCalls.map(({ status, body }) => ({ status, body }))).toEqual(
      Array(2).fill({
        status: 200,
        body: {
          hexUserAttributes: { orgId: 'acme', userRole: 'admin', regions: '["EU","US"]' },
          scope: ['EXPORT_CSV'],
          inputParameters: { region: 'EU', topN: 5 },
          expiresIn: 15_000,
          displayOptions: {},
        },
      }),
    );
    expect((await fetch(issued.url)).status).toBe(200);
    expect((await fetch(issued.url)).status).toBe(410);
  });

  it('with headers that keep it out of caches and referrers, and tell what is left', async () => {
    const { gateway, token } = await running();
    const { headers } = await getEmbedUrl(gateway, token, 'embed=sales', { origin: hostOrigin });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('vary')).toBe('authorization, cookie, origin');
    expect(headers.get('ratelimit-policy')).toBe('"user";q=30;w=60, "tenant";q=60;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"user";r=29;t=6[01], "tenant";r=59;t=6[01]$/);
    expect(headers.get('access-control-allow-origin')).toBe(hostOrigin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('through a frame’s src, by 303, with the same inputs', async () => {
    const { sandbox, gateway, token } = await running();
    const reply = await fetch(`${gateway.url}/embeds/sales/frame?region=US`, {
      headers: { cookie: `session=${token}`, referer: `${hostOrigin}/`, 'sec-fetch-site': 'same-site' },
      redirect: 'manual',
    });
    expect(reply.status).toBe(303);
    expect(reply.headers.get('cache-control')).toBe('no-store');
    expect(reply.headers.get('location')).toMatch(
      new RegExp(`^${new URL(sandbox.hexBaseUrl).origin}/embed/`),
    );
    expect(sandbox.hexCalls[0]?.body).toMatchObject({ inputParameters: { region: 'US', topN: 10 } });
  });
});

describe('what a session may open', () => {
  it('is listed with titles and inputs, without what it may not open', async () => {
    const { gateway, token } = await running();
    const reply = await fetch(`${gateway.url}/embeds`, { headers: { authorization: `Bearer ${token}` } });
    expect(await reply.json()).toEqual({
      embeds: [
        {
          name: 'sales',
          title: 'Sales overview',
          inputs: {
            region: { type: 'string', oneOf: ['EU', 'US'], maxLength: 256 },
            topN: { type: 'integer', min: 1, max: 100, default: 10 },
          },
        },
        { name: 'handbook', title: 'handbook', inputs: {} },
      ],
    });
  });

  it('leaves out an embed whose attributes cannot be built, and lists nothing to a stranger', async () => {
    const { sandbox, gateway } = await running();
    const poor = await sandbox.signSession({ sub: 'ada', regions: undefined });
    const reply = await fetch(`${gateway.url}/embeds`, { headers: { authorization: `Bearer ${poor}` } });
    const { embeds } = z
      .object({ embeds: z.array(z.object({ name: z.string() })) })
      .parse(await reply.json());
    expect(embeds.map(({ name }) => name)).toEqual(['handbook']);
    expect(await problemIn(await fetch(`${gateway.url}/embeds`))).toMatchObject({ code: 'session_missing' });
  });
});

describe('a refusal has its code, its status and the form of RFC 9457', () => {
  it('for sessions: 401 before anything about embeds is revealed', async () => {
    const { sandbox, gateway, token } = await running();
    const of = async (
      headers: Record<string, string>,
      query = 'embed=nothing&strange=1',
    ): Promise<string> => {
      const response = await fetch(`${gateway.url}/embed-url?${query}`, { headers });
      const { code, status } = await problemIn(response);
      if (status === 401) expect(response.headers.get('www-authenticate')).toBe('Bearer');
      return `${status} ${code}`;
    };
    const other = await sandbox.signSession({ sub: 'grace' });
    const expired = await sandbox.signSession({ sub: 'ada' }, { expiresIn: '-1m' });
    expect(await of({})).toBe('401 session_missing');
    expect(await of({ authorization: 'Basic YTpi' })).toBe('401 session_missing');
    expect(await of({ authorization: 'Bearer nonsense' })).toBe('401 session_invalid');
    expect(await of({ authorization: `Bearer ${expired}` })).toBe('401 session_expired');
    expect(await of({ authorization: `Bearer ${token}`, cookie: `session=${other}` })).toBe(
      '401 session_ambiguous',
    );
    expect(await of({ cookie: `session=${token}`, origin: 'https://evil.example' })).toBe(
      '403 origin_denied',
    );
    expect(await of({ cookie: `session=${token}` })).toBe('403 origin_denied');
    expect(await of({ authorization: `Bearer ${token}` })).toBe('404 embed_not_found');
    expect(await of({ authorization: `Bearer ${token}` }, 'embed=secretive&strange=1')).toBe(
      '403 embed_denied',
    );
    expect(await of({ authorization: `Bearer ${token}` }, 'embed=sales&strange=1')).toBe('400 input_invalid');
    expect(sandbox.hexCalls).toEqual([]);
  });

  it('for inputs: every error with its name and reason', async () => {
    const { sandbox, gateway, token } = await running();
    const asked = await getEmbedUrl(gateway, token, 'embed=sales&region=MARS&topN=0&orgId=globex');
    expect(await problemIn(asked)).toMatchObject({
      code: 'input_invalid',
      status: 400,
      errors: [
        { name: 'orgId', reason: 'is not an input of this embed' },
        { name: 'region', reason: 'must be one of EU, US' },
        { name: 'topN', reason: 'must be at least 1' },
      ],
    });
    const bodies = [
      '{"embed":"sales"',
      '[]',
      '"sales"',
      '{}',
      '{"embed":7}',
      '{"embed":"sales","tenant":"globex"}',
      '{"embed":"sales","embed":"handbook"}',
      '{"embed":"sales","inputs":{"region":"EU","region":"US"}}',
      '{"embed":"sales","inputs":[]}',
      '{"embed":"sales","inputs":{"topN":"5"}}',
      '{"embed":"sales","inputs":{"region":null}}',
      '{"embed":"sales","inputs":{"__proto__":{}}}',
      '',
    ];
    for (const body of bodies) {
      const response = await fetch(`${gateway.url}/embed-url`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
      expect(await problemIn(response), body).toMatchObject({ code: 'input_invalid' });
    }
    for (const query of ['embed=sales&embed=handbook', 'embed=sales&region=EU&region=US', '', 'embed=']) {
      expect(await problemIn(await getEmbedUrl(gateway, token, query)), query).toMatchObject({
        code: 'input_invalid',
      });
    }
    expect(sandbox.hexCalls).toEqual([]);
  });

  it('for a missing attribute: the name goes to the log and not to the caller', async () => {
    const { sandbox, gateway } = await running();
    const poor = await sandbox.signSession({ sub: 'ada', regions: [] });
    const response = await getEmbedUrl(gateway, poor);
    expect(response.status).toBe(403);
    const text = await response.text();
    expect(text).toContain('attribute_missing');
    expect(text).not.toContain('regions');
    await expect.poll(gateway.output).toContain('attributes: regions');
    expect(sandbox.hexCalls).toEqual([]);
  });

  it('for limits: which policy, what is left, when to come back; and nothing is minted', async () => {
    const { sandbox, gateway, token } = await running('limits: { user: [{ max: 2, per: 1m }] }');
    await getEmbedUrl(gateway, token);
    await getEmbedUrl(gateway, token);
    const third = await getEmbedUrl(gateway, token);
    expect(third.status).toBe(429);
    expect(third.headers.get('ratelimit')).toMatch(/^"user";r=0;t=\d+, "tenant";r=58;t=\d+$/);
    const seconds = Number(third.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(61);
    expect(await problemIn(third)).toMatchObject({ code: 'rate_limited', violatedPolicies: ['user'] });
    await expect.poll(gateway.output).toContain('"violatedPolicies":["user"]');
    expect(sandbox.hexCalls).toHaveLength(2);
  });

  it('for limits of a user, also where nothing is minted: lists and sign-outs count in the same windows', async () => {
    const { sandbox, gateway, token } = await running('limits: { user: [{ max: 3, per: 1m }] }');
    const ask = (path: string, method = 'GET'): Promise<Response> =>
      fetch(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
    const listed = await ask('/embeds');
    expect(listed.headers.get('ratelimit')).toMatch(/^"user";r=2;t=\d+$/);
    expect((await getEmbedUrl(gateway, token)).status).toBe(200);
    const other = await sandbox.signSession({ sub: 'ben' });
    expect((await ask('/embeds')).status).toBe(200);
    for (const [path, method] of [
      ['/embeds', 'GET'],
      ['/sign-out', 'POST'],
      ['/embed-url?embed=sales', 'GET'],
    ] as const) {
      const limited = await ask(path, method);
      expect(limited.status).toBe(429);
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
      expect(await problemIn(limited)).toMatchObject({ code: 'rate_limited', violatedPolicies: ['user'] });
    }
    expect((await getEmbedUrl(gateway, other)).status).toBe(200);
    expect(sandbox.hexCalls).toHaveLength(2);
  });

  it('for a spent budget: provider_busy with the seconds to wait, before Hex is asked', async () => {
    const sandbox = await openSandbox();
    const hex = 'budget: { max: 2, per: 1m }';
    const gateway = await startGateway(configOver(sandbox, { hex }), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({ sub: 'ada' });
    await getEmbedUrl(gateway, token);
    await getEmbedUrl(gateway, token);
    const third = await getEmbedUrl(gateway, token);
    expect(third.status).toBe(503);
    const seconds = Number(third.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(await problemIn(third)).toMatchObject({ code: 'provider_busy', retryAfterSeconds: seconds });
    expect(sandbox.hexCalls).toHaveLength(2);
  });

  it('for a client address: counted before the token is looked at, on unknown routes too', async () => {
    const { gateway, token } = await running('limits: { client: { max: 3, per: 1m } }');
    await fetch(`${gateway.url}/nowhere`);
    await getEmbedUrl(gateway, 'nonsense');
    expect((await getEmbedUrl(gateway, token)).status).toBe(200);
    for (const path of ['/nowhere', '/embed-url?embed=sales', '/embeds']) {
      const limited = await fetch(`${gateway.url}${path}`, { headers: { 'x-forwarded-for': '203.0.113.7' } });
      expect(limited.headers.get('ratelimit-policy')).toBe('"client";q=3;w=60');
      expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(50);
      expect(await problemIn(limited)).toMatchObject({ code: 'rate_limited', violatedPolicies: ['client'] });
    }
  });

  it('for a frame: a readable page under a strict policy', async () => {
    const { gateway } = await running();
    const reply = await fetch(`${gateway.url}/embeds/sales/frame`, { redirect: 'manual' });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'self' http/,
    );
    expect(await reply.text()).toMatch(/<h1>Sign-in is required<\/h1>[^]*session_missing/);
  });
});

describe('the listener', () => {
  it('answers unknown routes, methods, types and oversized input in the same form', async () => {
    const { sandbox, gateway, token } = await running();
    const authorization = `Bearer ${token}`;
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      fetch(`${gateway.url}/embed-url`, {
        method: 'POST',
        headers: { authorization, 'content-type': type },
        body,
      });
    expect(await problemIn(await fetch(`${gateway.url}/x`))).toMatchObject({
      status: 404,
      code: 'not_found',
    });
    expect(await problemIn(await fetch(`${gateway.url}/%`))).toMatchObject({ status: 400 });
    expect(await problemIn(await fetch(`${gateway.url}/embeds`, { method: 'DELETE' }))).toMatchObject({
      status: 404,
    });
    expect(await problemIn(await post(JSON.stringify({ embed: 'x'.repeat(20_000) })))).toMatchObject({
      status: 413,
    });
    expect(await problemIn(await post('embed=sales', 'text/plain'))).toMatchObject({ status: 415 });
    const fat = { authorization, 'x-fat': 'x'.repeat(40_000) };
    expect(await problemIn(await fetch(`${gateway.url}/embeds`, { headers: fat }))).toMatchObject({
      status: 431,
    });
    expect(
      (await fetch(`${gateway.url}/embed-url?embed=sales`, { method: 'HEAD', headers: { authorization } }))
        .status,
    ).toBe(404);
    expect(sandbox.hexCalls).toEqual([]);
  });

  it('answers preflights for allowed origins alone', async () => {
    const { gateway } = await running();
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${gateway.url}/embed-url`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
    const allowed = await preflight(hostOrigin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(hostOrigin);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('queue-ticket');
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });
});
