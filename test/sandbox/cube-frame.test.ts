import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { launchBrowser } from '../support/browser.ts';
import { getEmbedUrl } from '../support/gateway.ts';
import { callCube, seeing, sessionOf } from './cube-support.ts';
import { serveAll } from './serve-all.ts';
import { openSandbox } from './support.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

async function openFrame(sandbox: Sandbox, sessionId: string): Promise<Page> {
  return openUrl(`${sandbox.cubeBaseUrl}/embed/dashboard/pipeline?session=${sessionId}`);
}

async function openUrl(url: string): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(url);
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
  const answer = page.waitForResponse((response) => response.url().endsWith('/rows/dashboard'));
  await page.getByTestId('refresh').click();
  expect((await answer).status()).toBe(401);
  await expect.poll(said(page)).toBe('This session has ended.');
  expect(await page.getByTestId('row').first().isVisible()).toBe(false);
});

const shared = `
    provider: cube
    attributes: { tenant: tenant, regions: claims.regions }`;
const kinds = `
  pipeline: ${shared}
    dashboard: pipeline
  assistant: ${shared}
    chat: true
  studio: ${shared}
    app: true
    creatorMode: true
    embedTenant: '"org-" + tenant'`;
const asInTheDemo = `
      dashboard: "/embed/d/{deploymentId}/dashboard/{publicId}?session={sessionId}"
      chat: "/embed/d/{deploymentId}/chat?session={sessionId}"`;

test.each([
  ['of the documentation', ' {}'],
  ['of the demo', asInTheDemo],
])(
  'dashboard, chat and app open at the addresses %s, once, with the rows of the session',
  async (_case, frames) => {
    const sandbox = await openSandbox();
    const gateway = await serveAll(sandbox, kinds, frames);
    const token = await sandbox.signSession({ sub: 'ben' });
    for (const [embed, title] of [
      ['pipeline', 'Pipeline'],
      ['assistant', 'Chat'],
      ['studio', 'Workspace'],
    ] as const) {
      const reply = await getEmbedUrl(gateway, token, `embed=${embed}`);
      const page = await openUrl(((await reply.json()) as { url: string }).url);
      await page.getByTestId('row').first().waitFor();
      expect(await page.getByTestId('row').count()).toBe(3);
      expect(await page.getByTestId('org').innerText()).toBe('acme');
      await page.getByRole('heading', { name: title, exact: true }).waitFor();
      const workspace = page.getByTestId('workspace');
      expect(await workspace.textContent()).toBe(embed === 'studio' ? 'org-acme' : '');
      expect(await workspace.isVisible()).toBe(embed === 'studio');
      await page.reload();
      await expect.poll(said(page)).toContain('This session cannot be opened');
    }
  },
);

test('a session that is not in creator mode opens no app, and one under another name is not found', async () => {
  const sandbox = await openSandbox();
  const opened = async (path: string): Promise<Page> => {
    const sessionId = await sessionOf(sandbox, { userAttributes: seeing('acme') });
    return openUrl(`${sandbox.cubeBaseUrl}/embed/${path}=${sessionId}`);
  };
  const app = await opened('d/1/app?session');
  await expect.poll(said(app)).toBe('This session is not in creator mode.');
  expect(await app.getByTestId('row').count()).toBe(0);
  for (const path of ['chat?session', 'd/1/chat?sessionId', 'dashboard/pipeline?sessionId']) {
    await expect.poll(said(await opened(path))).toContain('This session cannot be opened');
  }
});
