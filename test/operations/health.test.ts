import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, problemIn, startGateway } from '../support/gateway.ts';
import { startKeyServer } from '../support/key-server.ts';

describe('readiness names each dependency', () => {
  it('and is degraded while the keys of one issuer of two were never fetched: its sessions are unverifiable', async () => {
    const sandbox = await openSandbox();
    const keyServer = await startKeyServer();
    onTestFinished(() => keyServer.stop());
    keyServer.behave('status 500');
    const second = `  - issuer: ${keyServer.issuer}
    audience: analytics
    keys: { jwks: "${keyServer.jwksUrl}" }
    algorithms: [RS256]
    tenant: claims.org_id
providers:`;
    const config = configOver(sandbox).replace('providers:', second);
    const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
    const ready = async (): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${gateway.operationsUrl}/readyz`);
      return { status: response.status, body: await response.json() };
    };
    await expect.poll(gateway.output, { timeout: 5000 }).toContain('a dependency is down');
    expect(gateway.lines().filter(({ msg }) => msg === 'a dependency is down')).toMatchObject([
      { dependency: `keys of ${keyServer.issuer}`, reason: 'status 500' },
      { dependency: `key server of ${keyServer.issuer}`, reason: 'status 500' },
    ]);
    expect(await ready()).toEqual({
      status: 200,
      body: {
        status: 'degraded',
        dependencies: {
          [`keys of ${sandbox.issuer}`]: { up: true },
          [`key server of ${sandbox.issuer}`]: { up: true },
          [`keys of ${keyServer.issuer}`]: {
            up: false,
            note: 'its sessions cannot be verified',
            reason: 'status 500',
          },
          [`key server of ${keyServer.issuer}`]: {
            up: false,
            note: 'keys that it gave before are used for up to keys.maxStale',
            reason: 'status 500',
          },
          'provider hex': { up: true },
        },
      },
    });
    const strange = await keyServer.sign({ sub: 'zoe', org_id: 'acme' }, { audience: 'analytics' });
    const refused = await getEmbedUrl(gateway, strange);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemIn(refused)).toMatchObject({ status: 503, code: 'session_unverifiable' });
    expect((await getEmbedUrl(gateway, await sandbox.signSession({}))).status).toBe(200);

    keyServer.behave('normal');
    // after a failed fetch the next one waits a little
    await expect
      .poll(async () => (await getEmbedUrl(gateway, strange, 'embed=handbook')).status, { timeout: 10_000 })
      .toBe(200);
    expect(await ready()).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('and is 503 while the only issuer’s keys were never fetched; it recovers without any request', async () => {
    const sandbox = await openSandbox();
    const keyServer = await startKeyServer();
    onTestFinished(() => keyServer.stop());
    keyServer.behave('status 500');
    const issuer = { name: keyServer.issuer, jwks: keyServer.jwksUrl };
    const gateway = await startGateway(configOver(sandbox, { issuer }), { HEX_TOKEN: sandbox.hexToken });
    const ready = async (): Promise<number> => (await fetch(`${gateway.operationsUrl}/readyz`)).status;
    await expect.poll(gateway.output, { timeout: 5000 }).toContain('a dependency is down');
    expect(await ready()).toBe(503);
    keyServer.behave('normal');
    await expect.poll(ready, { timeout: 6000 }).toBe(200);
    await expect.poll(gateway.output, { timeout: 2000 }).toContain('a dependency is back');
  });

  it(
    'and stays ready, degraded, while an issuer’s key server fails whose keys are known',
    { timeout: 40_000 },
    async () => {
      const sandbox = await openSandbox();
      const keyServer = await startKeyServer();
      onTestFinished(() => keyServer.stop());
      const issuer = { name: keyServer.issuer, jwks: keyServer.jwksUrl };
      const gateway = await startGateway(configOver(sandbox, { issuer }), { HEX_TOKEN: sandbox.hexToken });
      const session = { sub: 'ada', org_id: 'acme' };
      const ask = async (kid?: string): Promise<number> => {
        const token = await keyServer.sign(session, {
          audience: 'analytics',
          ...(kid !== undefined && { kid }),
        });
        return (await getEmbedUrl(gateway, token, 'embed=handbook')).status;
      };
      const ready = async (): Promise<{ status: number; body: unknown }> => {
        const response = await fetch(`${gateway.operationsUrl}/readyz`);
        return { status: response.status, body: await response.json() };
      };
      expect(await ask()).toBe(200);
      keyServer.behave('status 500');
      expect(await ask('new-kid')).toBe(503);
      expect(await ask()).toBe(200);
      expect(await ready()).toMatchObject({
        status: 200,
        body: {
          status: 'degraded',
          dependencies: {
            [`keys of ${keyServer.issuer}`]: { up: true },
            [`key server of ${keyServer.issuer}`]: { up: false },
          },
        },
      });
      await expect.poll(gateway.output, { timeout: 5000 }).toContain('a dependency is down');
      keyServer.behave('normal');
      await expect.poll(ready, { timeout: 30_000 }).toMatchObject({ body: { status: 'ready' } });
    },
  );

  it('and tells of keys that it does not use, once, and names none of them', async () => {
    const sandbox = await openSandbox();
    const keyServer = await startKeyServer();
    onTestFinished(() => keyServer.stop());
    const { keys } = (await (await fetch(keyServer.jwksUrl)).json()) as { keys: readonly object[] };
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    keyServer.publish([...keys, { ...weak, kid: 'weak-key-marker' }]);
    const issuer = { name: keyServer.issuer, jwks: keyServer.jwksUrl };
    const gateway = await startGateway(configOver(sandbox, { issuer }), { HEX_TOKEN: sandbox.hexToken });
    const token = await keyServer.sign({ sub: 'ada', org_id: 'acme' }, { audience: 'analytics' });
    for (let count = 0; count < 3; count += 1) {
      expect((await getEmbedUrl(gateway, token, 'embed=handbook')).status).toBe(200);
    }
    const told = (): readonly unknown[] => gateway.lines().filter(({ ignored }) => ignored !== undefined);
    await expect.poll(told).toMatchObject([
      {
        msg: 'keys of an issuer are ignored',
        issuer: keyServer.issuer,
        ignored: 1,
        reasons: ['key 2 of 2 is not an RSA key of at least 2048 bits (RFC 7518, section 3.3)'],
      },
    ]);
    expect(gateway.output()).not.toContain('weak-key-marker');
  });

  it('and stays ready, degraded, while a provider’s circuit is open', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox, { hexBaseUrl: 'http://127.0.0.1:1/api/v1' }), {
      HEX_TOKEN: sandbox.hexToken,
    });
    const token = await sandbox.signSession({});
    for (let count = 0; count < 6; count += 1) {
      expect(await problemIn(await getEmbedUrl(gateway, token))).toMatchObject({
        code: 'provider_unavailable',
      });
    }
    const response = await fetch(`${gateway.operationsUrl}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: 'degraded',
      dependencies: { 'provider hex': { up: false } },
    });
    await expect
      .poll(() => gateway.lines().filter(({ reason }) => reason === 'circuit open'))
      .toHaveLength(1);
  });
});

describe('metrics', () => {
  it('count requests by embed and outcome, and name no tenant or user', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }));
    await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }), 'embed=secretive');
    await getEmbedUrl(gateway, 'garbage', 'embed=label-from-a-stranger');
    const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    expect(text).toContain('embed_gateway_requests_total{embed="sales",code="minted"} 1');
    expect(text).toContain('embed_gateway_requests_total{embed="secretive",code="embed_denied"} 1');
    expect(text).toContain('embed_gateway_requests_total{embed="",code="session_invalid"} 1');
    expect(text).toContain('embed_gateway_provider_calls_total{provider="hex",outcome="200"} 1');
    expect(text).toContain('embed_gateway_dependency_up{dependency="provider hex"} 1');
    expect(text).not.toMatch(/acme|ada|stranger/);
  });

  it('count a caller that left while it waited, and one audit line says so', async () => {
    const sandbox = await openSandbox();
    const hex = 'budget: { max: 1, per: 1m }\nqueue: { maxWait: 2m }';
    const gateway = await startGateway(configOver(sandbox, { hex }), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({ sub: 'ada' });
    expect((await getEmbedUrl(gateway, token)).status).toBe(200);
    const impatient = fetch(`${gateway.url}/embed-url?embed=sales`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(1000),
    });
    await expect(impatient).rejects.toThrow();
    const left = (): readonly unknown[] => gateway.lines().filter(({ code }) => code === 'caller_gone');
    await expect
      .poll(left, { timeout: 5000 })
      .toMatchObject([{ audit: 'abandonment', embed: 'sales', tenant: 'acme', user: 'ada' }]);
    const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    expect(text).toContain('embed_gateway_requests_total{embed="sales",code="caller_gone"} 1');
    expect(text).toContain('embed_gateway_request_duration_seconds_count{embed="sales"} 1');
  });

  it.each(['in this process', 'in Redis'])('show what is taken and who waits, counted %s', async (where) => {
    const sandbox = await openSandbox();
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const hex = 'budget: { max: 2, per: 1m }\nqueue: { maxWait: 2m }';
    const more = where === 'in Redis' ? `redis: { url: "${redis.url}" }` : '';
    const config = configOver(sandbox, { hex, more });
    const [gateway, other] = [
      await startGateway(config, { HEX_TOKEN: sandbox.hexToken }),
      await startGateway(config, { HEX_TOKEN: sandbox.hexToken }),
    ];
    const token = await sandbox.signSession({ sub: 'ada' });
    await getEmbedUrl(gateway, token);
    await getEmbedUrl(where === 'in Redis' ? other : gateway, token);
    const going = new AbortController();
    const waiting = fetch(`${gateway.url}/embed-url?embed=sales`, {
      headers: { authorization: `Bearer ${token}` },
      signal: going.signal,
    }).catch(() => undefined);
    const shown = async (): Promise<readonly string[]> => {
      const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
      return text.split('\n').filter((line) => /^embed_gateway_(?:provider_budget_taken|waiting)/.test(line));
    };
    await expect
      .poll(shown, { timeout: 8000 })
      .toEqual([
        'embed_gateway_provider_budget_taken{provider="hex"} 2',
        'embed_gateway_waiting_requests{provider="hex"} 1',
      ]);
    going.abort();
    await waiting;
    await expect.poll(shown, { timeout: 8000 }).toContain('embed_gateway_waiting_requests{provider="hex"} 0');
  });

  it('and health are not on the public listener, nor is the gateway on the operations one', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    for (const path of ['/metrics', '/livez', '/readyz']) {
      expect((await fetch(gateway.operationsUrl + path)).status).toBe(200);
      expect((await fetch(gateway.url + path)).status).toBe(404);
    }
    const strange = await fetch(`${gateway.operationsUrl}/embed-url?embed=sales`);
    expect(strange.headers.get('strict-transport-security')).toBeNull();
    expect(await problemIn(strange)).toMatchObject({ status: 404, code: 'not_found' });
  });
});
