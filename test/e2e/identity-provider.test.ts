import { decodeProtectedHeader } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { salesRows } from '../../src/sandbox/hex-sales-rows.ts';
import { openSandbox } from '../sandbox/support.ts';
import { launchBrowser } from '../support/browser.ts';
import { configOver, getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startLoad } from '../support/load.ts';
import { startHostApplication, type HostApplication, type Tokens } from '../support/host-application.ts';
import {
  audience,
  createSigningKey,
  startIdentityProvider,
  type Algorithm,
  type IdentityProvider,
} from '../support/identity-provider.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

interface Deployment {
  readonly host: HostApplication;
  readonly gateway: RunningGateway;
  readonly frameUrl: string;
}

/** A host application whose session is one of the provider's tokens, and a gateway that believes that one. */
async function deploy(session: keyof Tokens, algorithm: Algorithm): Promise<Deployment> {
  const sandbox = await openSandbox();
  const host = await startHostApplication(session);
  const keys = [await createSigningKey(algorithm, 'key-1')];
  const { issuer, client } = await startIdentityProvider({ algorithm, keys, hostOrigin: host.origin });
  const config = configOver(sandbox, {
    issuer: { name: issuer, algorithm, audience: session === 'id_token' ? client.id : audience },
    allowedOrigin: host.origin,
  });
  const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
  // the host's cookie goes to the host's name, whatever the port
  const frameUrl = `http://localhost:${new URL(gateway.url).port}/embeds/sales/frame`;
  host.connect({ issuer, client, frameUrl });
  return { host, gateway, frameUrl };
}

async function signIn(page: Page, person: string): Promise<void> {
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByPlaceholder('any login').fill(person);
  await page.getByPlaceholder('password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).click();
}

/** The customers in the embedded page's rows, by name. */
async function customersSeen(page: Page): Promise<readonly string[]> {
  const rows = page.frameLocator('iframe').getByTestId('row');
  await rows.first().waitFor();
  return (await rows.locator('td:first-child').allInnerTexts()).toSorted();
}

function customersOf(tenant: string): readonly string[] {
  return salesRows
    .filter(({ orgId }) => orgId === tenant)
    .map(({ customer }) => customer)
    .toSorted();
}

describe('a reader who signs in at a real identity provider, in a real browser', () => {
  it.each([
    { session: 'access_token', other: 'id_token', algorithm: 'RS256' },
    { session: 'id_token', other: 'access_token', algorithm: 'ES256' },
  ] as const)(
    'sees their own tenant’s rows, the host’s session being the $session, signed by $algorithm',
    { timeout: 60_000 },
    async ({ session, other, algorithm }) => {
      const { host, gateway, frameUrl } = await deploy(session, algorithm);
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();

      await page.goto(host.origin);
      await signIn(page, 'ada');
      expect(await customersSeen(page)).toEqual(customersOf('acme'));

      await signOut(page);
      await page.getByRole('link', { name: 'Sign in' }).waitFor();
      expect((await context.request.get(frameUrl)).status()).toBe(401);

      await signIn(page, 'grace');
      expect(await customersSeen(page)).toEqual(customersOf('globex'));

      // what the same sign-in gave for another purpose is no session
      const [ada] = host.signIns;
      expect(await statusOf(gateway, ada?.[session])).toBe(200);
      expect(await statusOf(gateway, ada?.[other])).toBe(401);
    },
  );
});

async function statusOf(gateway: RunningGateway, token = ''): Promise<number> {
  return (await getEmbedUrl(gateway, token)).status;
}

const wide = `limits:
  client: { max: 100000, per: 1m }
  user: [{ max: 100000, per: 1m }]
  tenant: [{ allow: [{ max: 100000, per: 1m }] }]
`;

/** A gateway that trusts the provider, with limits that no test meets. */
async function startTrusting({ issuer }: IdentityProvider): Promise<RunningGateway> {
  const sandbox = await openSandbox({ callsPerMinute: 100_000 });
  const config = configOver(sandbox, {
    issuer: { name: issuer },
    hex: 'budget: { max: 100000, per: 1m }',
    more: wide,
  });
  return startGateway(config, { HEX_TOKEN: sandbox.hexToken });
}

it(
  'the provider’s keys rotate under load without a failed request, and a withdrawn key is refused',
  { timeout: 90_000 },
  async () => {
    const first = await createSigningKey('RS256', 'first');
    const second = await createSigningKey('RS256', 'second');
    const provider = await startIdentityProvider({ algorithm: 'RS256', keys: [first] });
    const gateway = await startTrusting(provider);
    const old = await provider.accessToken();
    const load = startLoad(gateway, old);
    await load.answered(40);

    await provider.stop();
    await load.answered(20);
    await provider.start([second, first]);
    const fresh = await provider.accessToken();
    expect(decodeProtectedHeader(fresh).kid).toBe('second');
    load.use(old, fresh);
    await load.answered(60);

    await provider.stop();
    load.use(fresh);
    await load.answered(20);
    await provider.start([second]);
    await load.answered(40);
    expect([...(await load.stop()).keys()]).toEqual([200]);

    const replica = await startTrusting(provider);
    expect(await statusOf(replica, fresh)).toBe(200);
    expect(await problemIn(await getEmbedUrl(replica, old))).toMatchObject({ code: 'session_invalid' });
  },
);

it.each(['is gone', 'hangs'])(
  'a gateway that starts while the provider %s says so within six seconds, and recovers by itself',
  { timeout: 60_000 },
  async (outage) => {
    const keys = [await createSigningKey('RS256', 'first')];
    const provider = await startIdentityProvider({ algorithm: 'RS256', keys });
    const token = await provider.accessToken();
    if (outage === 'is gone') await provider.stop();
    else provider.kill('SIGSTOP');
    const gateway = await startTrusting(provider);
    const readiness = async (): Promise<{ status: number; body: unknown }> => {
      const response = await fetch(`${gateway.operationsUrl}/readyz`);
      return { status: response.status, body: await response.json() };
    };

    const startedAt = performance.now();
    const refused = await getEmbedUrl(gateway, token);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await problemIn(refused)).toMatchObject({ status: 503, code: 'session_unverifiable' });
    expect(await readiness()).toMatchObject({
      status: 503,
      body: { status: 'not_ready', dependencies: { [`keys of ${provider.issuer}`]: { up: false } } },
    });

    if (outage === 'is gone') await provider.start();
    else provider.kill('SIGCONT');
    await expect.poll(readiness, { timeout: 30_000, interval: 200 }).toMatchObject({
      status: 200,
      body: { status: 'ready', dependencies: { [`keys of ${provider.issuer}`]: { up: true } } },
    });
    expect(await statusOf(gateway, token)).toBe(200);
  },
);
