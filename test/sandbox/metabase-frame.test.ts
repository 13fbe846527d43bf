import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { getEmbedUrl } from '../support/gateway.ts';
import { serveAll } from './serve-all.ts';
import { openSandbox } from './support.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** The page of a churn embed that is configured to look so, for a reader whose system is light. */
async function openLooking(appearance: string): Promise<Page> {
  const sandbox = await openSandbox();
  const gateway = await serveAll(
    sandbox,
    `
  churn:
    provider: metabase
    dashboard: 8
    locked: { tenant: tenant, regions: claims.regions }
    appearance: { ${appearance} }`,
  );
  const reply = await getEmbedUrl(gateway, await sandbox.signSession({}), 'embed=churn');
  const { url } = (await reply.json()) as { url: string };
  const context = await browser.newContext({ colorScheme: 'light' });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
  await page.getByTestId('row').first().waitFor();
  return page;
}

/** What a reader sees of it: computed colours, the border's width, the title. */
async function looks(page: Page): Promise<readonly unknown[]> {
  const style = await page.evaluate<readonly string[]>(
    '(({ backgroundColor, borderTopWidth }) => [backgroundColor, borderTopWidth])(getComputedStyle(document.body))',
  );
  return [...style, await page.getByRole('heading', { name: 'Churn' }).isVisible()];
}

const [white, dark] = ['rgb(255, 255, 255)', 'rgb(20, 22, 31)'];

test.each([
  ['nothing said', '', [white, '1px', true]],
  ['the light theme', 'theme: light', [white, '1px', true]],
  ['the night theme', 'theme: night', [dark, '1px', true]],
  ['no border', 'bordered: false', [white, '0px', true]],
  ['no title', 'titled: false', [white, '1px', false]],
  ['all of it', 'theme: night, bordered: false, titled: false', [dark, '0px', false]],
] as const)('an embed configured with %s looks so in its frame', async (_case, appearance, expected) => {
  const page = await openLooking(appearance);
  await expect.poll(() => looks(page)).toEqual(expected);
});
