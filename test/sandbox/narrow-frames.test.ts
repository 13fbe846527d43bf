import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { launchBrowser } from '../support/browser.ts';
import { getEmbedUrl, type RunningGateway } from '../support/gateway.ts';
import { serveAll } from './serve-all.ts';
import { attributesOf, openSandbox, presignedUrl } from './support.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const embeds = `
  pipeline:
    provider: cube
    dashboard: pipeline
    attributes: { tenant: tenant, regions: claims.regions }
    groups: claims.roles
  churn:
    provider: metabase
    dashboard: 8
    locked: { tenant: tenant, regions: claims.regions }`;

/** A frame of each product, as an admin of the tenant sees it. */
async function urlsFor(sandbox: Sandbox, gateway: RunningGateway, org: string): Promise<readonly string[]> {
  const token = await sandbox.signSession({ org_id: org });
  const minted = async (embed: string): Promise<string> => {
    const reply = await getEmbedUrl(gateway, token, `embed=${embed}`);
    return ((await reply.json()) as { url: string }).url;
  };
  const sales = await presignedUrl(sandbox, { hexUserAttributes: attributesOf(org) });
  return [sales, await minted('pipeline'), await minted('churn')];
}

// a third of a window of 1200 pixels, and telephones of 390 and 320
test.each([369, 366, 296])('in a frame %i pixels wide no amount of any product is cut', async (width) => {
  const sandbox = await openSandbox();
  const gateway = await serveAll(sandbox, embeds);
  for (const org of ['acme', 'globex']) {
    for (const url of await urlsFor(sandbox, gateway, org)) {
      const context = await browser.newContext({ viewport: { width, height: 800 } });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(url);
      await page.getByTestId('row').first().waitFor();
      const rights = await page.evaluate<readonly number[]>(
        '[...document.querySelectorAll("td.number")].map((cell) => cell.getBoundingClientRect().right)',
      );
      const room = await page.evaluate<number>(
        'document.querySelector(".scroll").getBoundingClientRect().right',
      );
      expect(rights.length, url).toBeGreaterThan(3);
      expect(Math.max(...rights), url).toBeLessThanOrEqual(room + 0.5);
    }
  }
});
