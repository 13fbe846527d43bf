import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { launchBrowser } from '../support/browser.ts';
import { callCube, seeing, sessionOf } from './cube-support.ts';
import { openSandbox } from './support.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function openFrame(sandbox: Sandbox, sessionId: string): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`${sandbox.cubeBaseUrl}/embed/dashboard/pipeline?session=${sessionId}`);
  return page;
}

const said = (page: Page) => () => page.getByTestId('state').textContent();

test('a frame shows the rows of its user, once: a reload needs a fresh session', async () => {
  const sandbox = await openSandbox();
  const page = await openFrame(sandbox, await sessionOf(sandbox, { userAttributes: seeing('acme') }));
  await expect.poll(() => page.getByTestId('row').count()).toBe(6);
  expect(await page.getByTestId('org').innerText()).toBe('acme');
  await page.reload();
  await expect.poll(said(page)).toBe('This session cannot be opened: it is used, expired or unknown.');
  expect(await page.getByTestId('row').count()).toBe(0);
});

test('a frame whose session was revoked says so at its next request, and shows no row any more', async () => {
  const sandbox = await openSandbox();
  const sessionId = await sessionOf(sandbox, { userAttributes: seeing('acme') });
  const page = await openFrame(sandbox, sessionId);
  await page.getByTestId('row').first().waitFor();
  await callCube(sandbox, 'session/revoke', { sessionId });
  const answer = page.waitForResponse((response) => response.url().endsWith('/rows'));
  await page.getByTestId('refresh').click();
  expect((await answer).status()).toBe(401);
  await expect.poll(said(page)).toBe('This session has ended.');
  expect(await page.getByTestId('row').first().isVisible()).toBe(false);
});
