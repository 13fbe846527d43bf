import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { launchBrowser } from '../support/browser.ts';
import { configOver, getEmbedUrl, problemIn, startGateway, type RunningGateway } from '../support/gateway.ts';
import { startServer } from '../support/server.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

async function busyGateway(): Promise<{ sandbox: Sandbox; gateway: RunningGateway; hostPort: number }> {
  const sandbox = await openSandbox();
  let gatewayPort = '';
  const hostPort = await startServer((_request, _body, response) => {
    const src = `http://localhost:${gatewayPort}/embeds/sales/frame?region=EU`;
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><iframe src="${src}" referrerpolicy="origin"></iframe>`);
  });
  const config = configOver(sandbox, {
    hex: 'budget: { max: 1, per: 6s }\nqueue: { maxWait: 0ms }',
    allowedOrigin: `http://localhost:${hostPort}`,
  });
  const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
  gatewayPort = new URL(gateway.url).port;
  return { sandbox, gateway, hostPort };
}

/** A browser without script whose reader is signed in. */
async function openPage(token: string): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false });
  onTestFinished(() => context.close());
  await context.addCookies([{ name: 'session', value: token, domain: 'localhost', path: '/' }]);
  return context.newPage();
}

it('a frame shows its place and the wait, and tries again by itself with its place, without script', async () => {
  const { sandbox, gateway, hostPort } = await busyGateway();
  const spender = await sandbox.signSession({ sub: 'ada' });
  expect((await getEmbedUrl(gateway, spender)).status).toBe(200);

  const page = await openPage(await sandbox.signSession({ sub: 'grace', org_id: 'globex' }));
  await page.goto(`http://localhost:${hostPort}/`);
  const frame = page.frameLocator('iframe');
  await frame.getByText('Your place in the queue: 1.').waitFor();
  await frame.getByText(/^Wait [1-6] seconds?\.$/).waitFor();

  // the place is kept while the page waits: whoever comes later stands behind it
  const latecomer = await sandbox.signSession({ sub: 'ben' });
  expect(await problemIn(await getEmbedUrl(gateway, latecomer))).toMatchObject({ position: 2 });
  await expect
    .poll(() => page.frames()[1]?.url() ?? '', { timeout: 40_000 })
    .toContain(new URL(sandbox.hexBaseUrl).host);
  expect(sandbox.hexCalls).toHaveLength(2);
}, 60_000);
