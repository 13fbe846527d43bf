import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { salesRows } from '../../src/sandbox/hex-sales-rows.ts';
import { openSandbox } from '../sandbox/support.ts';
import { launchBrowser } from '../support/browser.ts';
import { configOver, getEmbedUrl, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startHostApplication, type HostApplication, type Tokens } from '../support/host-application.ts';
import {
  audience,
  createSigningKey,
  startIdentityProvider,
  type Algorithm,
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
