import { encode } from '../support/auth-core.ts';
import { Redis } from 'ioredis';
import { SignJWT } from 'jose';
import { expect, it, onTestFinished } from 'vitest';
import { claimsOf, findPerson } from '../../src/sandbox/people.ts';
import { openSandbox } from '../sandbox/support.ts';
import {
  configOver,
  type ConfigOptions,
  hostOrigin,
  problemIn,
  startGateway,
  type RunningGateway,
} from '../support/gateway.ts';
import { startRedis } from '../support/redis.ts';
import { authSecret, authSecretOld, sealBytes } from '../support/seal.ts';

const sharedSecret = 'Xw8tRz3mKc6VbN1yLq9PsH5dGf2JaE4uTo7';
const otherIssuer = 'https://other.example.com/';

const sessions = `
- issuer: ${otherIssuer}
  audience: analytics
  keys: { secret: "\${env:SHARED_SECRET}" }
  tenant: claims.org_id
- name: storefront
  tokens: ["cookie:authjs.session-token"]
  keys: { sealed: { format: authjs, secret: "\${env:AUTH_SECRET}" } }
  tenant: claims.org_id
- name: portal
  tokens: ["cookie:next-auth.session-token"]
  keys: { sealed: { format: next-auth, secret: "\${env:PORTAL_SECRET}" } }
  tenant: claims.org_id
`;

/** Headers of a request of Ada or Ben, who have the same claims wherever they signed in. */
type SignIn = (person: 'ada' | 'ben') => Promise<Readonly<Record<string, string>>>;

interface Running {
  readonly gateways: readonly [RunningGateway, RunningGateway];
  readonly redisUrl: string;
  /** By the name of the issuer in the log. */
  readonly signIns: ReadonlyMap<string, SignIn>;
}

async function running(options: Pick<ConfigOptions, 'more' | 'hex' | 'issuer'>): Promise<Running> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const sandbox = await openSandbox();
  const more = `redis: { url: "${redis.url}" }\n${options.more ?? ''}`;
  const config = configOver(sandbox, { ...options, more, sessions });
  const env = {
    HEX_TOKEN: sandbox.hexToken,
    SHARED_SECRET: sharedSecret,
    AUTH_SECRET: authSecret,
    PORTAL_SECRET: authSecretOld,
  };
  const signIns = new Map<string, SignIn>([
    [sandbox.issuer, async (sub) => ({ authorization: `Bearer ${await sandbox.signSession({ sub })}` })],
    [otherIssuer, async (sub) => ({ authorization: `Bearer ${await signShared(sub)}` })],
    ['storefront', async (sub) => fromCookie('authjs.session-token', await sealCurrent(sub))],
    ['portal', (sub) => Promise.resolve(fromCookie('next-auth.session-token', sealNextAuth(sub)))],
  ]);
  const gateways = await Promise.all([startGateway(config, env), startGateway(config, env)]);
  return { gateways, redisUrl: redis.url, signIns };
}

function claims(sub: string): Readonly<Record<string, unknown>> {
  const person = findPerson(sub);
  return person ? claimsOf(person) : {};
}

function signShared(sub: string): Promise<string> {
  return new SignJWT({ ...claims(sub), iss: otherIssuer, aud: 'analytics' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(sharedSecret));
}

function sealCurrent(sub: string): Promise<string> {
  return encode({ token: claims(sub), secret: authSecret, salt: 'authjs.session-token' });
}

function sealNextAuth(sub: string): string {
  const now = Math.floor(Date.now() / 1000);
  return sealBytes(JSON.stringify({ ...claims(sub), iat: now, exp: now + 300 }), { secret: authSecretOld });
}

function fromCookie(name: string, value: string): Readonly<Record<string, string>> {
  return { cookie: `${name}=${value}`, origin: hostOrigin };
}

function ask(gateway: RunningGateway, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(`${gateway.url}/embed-url?embed=sales&region=EU`, { headers });
}

it('the same user of the same tenant has limits of its own under each issuer, on every replica', async () => {
  const { gateways, signIns } = await running({
    more: 'limits: { user: [{ max: 2, per: 1m }], tenant: [{ allow: [{ max: 3, per: 1m }] }] }',
    hex: 'budget: { max: 100, per: 1m }',
  });
  const [one, two] = gateways;
  for (const [issuer, signIn] of signIns) {
    const [ada, ben] = [await signIn('ada'), await signIn('ben')];
    expect((await ask(one, ada)).status, issuer).toBe(200);
    expect((await ask(two, ada)).status, issuer).toBe(200);
    expect((await problemIn(await ask(one, ada))).violatedPolicies, issuer).toEqual(['user']);
    expect((await ask(two, ben)).status, issuer).toBe(200);
    expect((await problemIn(await ask(one, ben))).violatedPolicies, issuer).toEqual(['tenant']);
  }
  // the log tells them apart, though tenant and user are the same
  const minted = gateways.flatMap((gateway) => gateway.lines()).filter(({ audit }) => audit === 'mint');
  for (const issuer of signIns.keys()) {
    const own = minted.filter((line) => line.issuer === issuer);
    expect(own.map(({ tenant, user }) => `${String(tenant)}/${String(user)}`).toSorted()).toEqual([
      'acme/ada',
      'acme/ada',
      'acme/ben',
    ]);
  }
});

it('a place in the queue is of no use under another issuer', async () => {
  const { gateways, signIns } = await running({
    more: '',
    hex: 'budget: { max: 1, per: 1m }\nqueue: { maxWait: 0ms }',
  });
  const [one, two] = gateways;
  const people = await Promise.all([...signIns.values()].map((signIn) => signIn('ada')));
  const [first = {}, ...others] = people;
  expect((await ask(one, first)).status).toBe(200);
  const { ticket = '', position } = await problemIn(await ask(one, first));
  expect({ ticket, position }).toMatchObject({
    ticket: expect.stringMatching(/^[\w-]{22}$/) as string,
    position: 1,
  });
  for (const [index, headers] of others.entries()) {
    const refused = await problemIn(await ask(two, { ...headers, 'queue-ticket': ticket }));
    expect(refused.ticket).not.toBe(ticket);
    expect(refused.position).toBe(index + 2);
  }
  const again = await problemIn(await ask(two, { ...first, 'queue-ticket': ticket }));
  expect(again).toMatchObject({ ticket, position: 1 });
});

it('a combination is one for all issuers, by its attributes, and remembers the tenants of each apart', async () => {
  const { gateways, redisUrl, signIns } = await running({
    more: '',
    hex: 'budget: { max: 100, per: 1m }',
  });
  const keys = new Set<string>();
  const client = new Redis(redisUrl);
  onTestFinished(() => {
    client.disconnect();
  });
  for (const [index, signIn] of [...signIns.values()].entries()) {
    const reply = await ask(gateways[index % 2 === 0 ? 0 : 1], await signIn('ada'));
    const { combination } = (await reply.json()) as { combination: { key: string } };
    keys.add(combination.key);
  }
  expect(keys.size).toBe(1);
  const tenants = `{embed-gateway}:combination-tenants:${[...keys].join()}`;
  await expect.poll(() => client.scard(tenants)).toBe(signIns.size);
  for (const member of await client.smembers(tenants)) expect(member).toMatch(/^[\w-]{43}$/);
});

it('an issuer whose keys are out of reach takes none of the others down', async () => {
  const unreachable = { name: 'https://down.example.com/', jwks: 'http://127.0.0.1:1/jwks.json' };
  const { gateways, signIns } = await running({ more: '', issuer: unreachable });
  const statuses: number[] = [];
  for (const signIn of [...signIns.values()].slice(1)) {
    statuses.push((await ask(gateways[0], await signIn('ada'))).status);
  }
  expect(statuses).toEqual([200, 200, 200]);
  const ready = await fetch(`${gateways[0].operationsUrl}/readyz`);
  expect(ready.status).toBe(200);
  const { status, dependencies } = (await ready.json()) as Record<string, Record<string, { up: boolean }>>;
  expect(status).toBe('degraded');
  expect(Object.entries(dependencies ?? {}).map(([name, { up }]) => [name, up])).toEqual([
    ['redis', true],
    ['keys of https://down.example.com/', false],
    ['key server of https://down.example.com/', false],
    [`keys of ${otherIssuer}`, true],
    ['secret of storefront', true],
    ['secret of portal', true],
    ['provider hex', true],
  ]);
});

it('sealed sessions alone are ready at once', async () => {
  const sandbox = await openSandbox();
  const config = configOver(sandbox, { sessions }).replace(/- issuer: http:[^]*?(?=\n\s*- name)/, '');
  const env = { HEX_TOKEN: sandbox.hexToken, AUTH_SECRET: authSecret, PORTAL_SECRET: authSecretOld };
  const gateway = await startGateway(config, env);
  const ready = await fetch(`${gateway.operationsUrl}/readyz`);
  expect(await ready.json()).toMatchObject({ status: 'ready' });
  const minted = await ask(gateway, fromCookie('authjs.session-token', await sealCurrent('ada')));
  expect(minted.status).toBe(200);
});
