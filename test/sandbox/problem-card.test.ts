import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startServer } from '../support/server.ts';
import { openSandbox } from './support.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const denied = {
  title: 'This embed is not for this session',
  code: 'embed_denied',
  detail: 'The session may not open this embed.',
  requestId: '5f0c',
};
const busy = {
  title: 'The analytics provider is busy',
  code: 'provider_busy',
  detail: 'Its budget is spent for the moment.',
  requestId: '6a1d',
  retryAfterSeconds: 2,
  ticket: 'ticket-of-mine',
  position: 3,
};

interface Asked {
  readonly url: string | undefined;
  readonly ticket: string | undefined;
}

/** The page at a path, in front of a gateway that answers as told; `asked` holds what it was asked. */
async function openPage(
  path: string,
  answer: (count: number) => readonly [number, object],
): Promise<{ page: Page; asked: readonly Asked[] }> {
  const asked: Asked[] = [];
  const gateway = await startServer((request: IncomingMessage, _body, response: ServerResponse) => {
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-headers', 'queue-ticket');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    asked.push({ url: request.url, ticket: request.headers['queue-ticket']?.toString() });
    const [status, problem] = answer(asked.length);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(problem));
  });
  const sandbox = await openSandbox({ gatewayUrl: `http://localhost:${gateway}` });
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(sandbox.hostPageUrl);
  await page.getByTestId('sign-in-ada').click();
  if (path !== '/') await page.goto(`${sandbox.hostPageUrl}${path}`);
  return { page, asked };
}

test('a refusal shows title, detail, code and request id on lines of their own, and leaves nothing to choose', async () => {
  const { page } = await openPage('/', () => [403, denied]);
  const card = page.getByTestId('problem');
  await card.waitFor();
  expect((await card.innerText()).split(/\n+/)).toEqual([
    denied.title,
    denied.detail,
    denied.code,
    'request 5f0c',
  ]);
  expect(await page.getByTestId('region').isDisabled()).toBe(true);
  expect(await page.getByTestId('embed').isVisible()).toBe(false);
});

test('the wait for a busy provider counts down, names the place and ends in a try with the ticket', async () => {
  const { page, asked } = await openPage('/', (count) => (count === 1 ? [503, busy] : [403, denied]));
  const card = page.getByTestId('problem');
  await card.getByText('You are number 3 in the queue').waitFor();
  const countdown = card.getByRole('timer');
  await expect.poll(() => countdown.innerText(), { interval: 50 }).toBe('Trying again in 1 s');
  await card.getByText(denied.detail).waitFor();
  expect(asked).toEqual([
    { url: '/embed-url?embed=sales', ticket: undefined },
    { url: '/embed-url?embed=sales', ticket: 'ticket-of-mine' },
  ]);
});

test('the tab of the handbook asks for the handbook', async () => {
  const { page, asked } = await openPage('/handbook', () => [403, denied]);
  await page.getByTestId('problem').waitFor();
  expect(asked.at(-1)?.url).toBe('/embed-url?embed=handbook');
});
