import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, getEmbedUrl, problemIn, startGateway } from '../support/gateway.ts';
import { poisons } from '../support/redis-poison.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';

let redis: RunningRedis;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

const hour = 3600;

it(
  'whatever stands under our keys in Redis, answers keep to the configuration and every replica goes on counting there',
  {
    timeout: 120_000,
  },
  async () => {
    const sandbox = await openSandbox();
    const more = [
      `redis: { url: "${redis.url}", whenDown: refuse }`,
      'limits: { client: { max: 100000, per: 1m }, user: [{ max: 5, per: 1m }], tenant: [{ allow: [{ max: 9, per: 1h }] }] }',
    ].join('\n');
    const hex = 'timeout: 5s\nbudget: { max: 3, per: 1m }\nqueue: { maxWait: 0ms, maxLength: 4 }';
    const gateway = await startGateway(configOver(sandbox, { hex, more }), { HEX_TOKEN: sandbox.hexToken });
    const client = new Redis(redis.url);
    onTestFinished(() => {
      client.disconnect();
    });

    let users = 0;
    const ask = async (token: string): Promise<number> => {
      const response = await getEmbedUrl(gateway, token);
      const fields = response.headers.get('ratelimit') ?? '';
      const states = [...fields.matchAll(/"(\w+)";r=(\d+);t=(\d+)/g)];
      for (const [, name, remaining, reset] of states) {
        expect(Number(remaining)).toBeLessThanOrEqual(name === 'user' ? 5 : 9);
        expect(Number(reset)).toBeLessThanOrEqual((name === 'user' ? 60 : hour) * (61 / 60) + 1);
      }
      if (response.status === 200) return response.status;
      const problem = await problemIn(response);
      expect(['provider_busy', 'rate_limited']).toContain(problem.code);
      expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual((hour * 61) / 60 + 1);
      if (problem.code === 'provider_busy') {
        expect(problem.position).toBeLessThanOrEqual(5);
        expect(problem.retryAfterSeconds).toBeLessThanOrEqual(hour);
      }
      return response.status;
    };

    for (const { name, write } of poisons) {
      await client.flushall();
      users += 1;
      const token = await sandbox.signSession({ sub: `user-${users}`, org_id: `tenant-${users}` });
      expect(await ask(token), name).toBe(200);
      for (let more = 0; more < 3; more += 1) await ask(token);
      const keys = (await client.keys('{embed-gateway}:*')).filter((key) => !key.includes('signed-out'));
      for (const key of keys) await write(client, key);
      let minted = 0;
      for (let again = 0; again < 4; again += 1) if ((await ask(token)) === 200) minted += 1;
      expect(minted, name).toBeLessThanOrEqual(3);
      // another user of the tenant: sign-outs count in the limit of their user, which is spent
      const leaving = await sandbox.signSession({ sub: `leaving-${users}`, org_id: `tenant-${users}` });
      const headers = { authorization: `Bearer ${leaving}` };
      const signedOut = await fetch(`${gateway.url}/sign-out`, { method: 'POST', headers });
      expect(signedOut.status, name).toBe(204);
      expect((await getEmbedUrl(gateway, leaving)).status, name).toBe(401);
    }
    const metrics = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
    expect(metrics).toContain('\nembed_gateway_admission_store_failures_total 0\n');
    expect(metrics).not.toMatch(/embed_gateway_faults_total(?:\{[^}]*\})? [1-9]/);
  },
);
