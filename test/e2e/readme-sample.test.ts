import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { launchBrowser } from '../support/browser.ts';
import { configOver, getEmbedUrl, problemIn, startGateway } from '../support/gateway.ts';
import { root } from '../support/readme.ts';
import { startServer } from '../support/server.ts';

it('the README’s sample shows its place in a busy queue, keeps it, and shows the embed when its turn comes', async () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, sample = ''] = /^```js\n([^]*?)^```$/m.exec(readme) ?? [];
  const sandbox = await openSandbox();
  let gatewayUrl = '';
  const hostPort = await startServer((_request, _body, response) => {
    const script = sample.replace('https://analytics.example.com', gatewayUrl);
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><iframe></iframe><p></p><script type="module">
      const frame = document.querySelector('iframe');
      const shown = document.querySelector('p');
      const showProblem = (title, code, position) => (shown.textContent += [title, code, position].join() + ';');
      ${sample === '' ? '' : script}</script>`);
  });
  const config = configOver(sandbox, {
    hex: 'budget: { max: 1, per: 6s }\nqueue: { maxWait: 0ms }',
    allowedOrigin: `http://localhost:${hostPort}`,
  });
  const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
  gatewayUrl = `http://localhost:${new URL(gateway.url).port}`;
  expect((await getEmbedUrl(gateway, await sandbox.signSession({ sub: 'ada' }))).status).toBe(200);

  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext();
  const value = await sandbox.signSession({ sub: 'grace', org_id: 'globex' });
  await context.addCookies([{ name: 'session', value, domain: 'localhost', path: '/' }]);
  const page = await context.newPage();
  const tickets: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.url().startsWith(gatewayUrl)) tickets.push(request.headers()['queue-ticket']);
  });
  await page.goto(`http://localhost:${hostPort}/`);
  await page.getByText('The analytics provider is busy,provider_busy,1;').waitFor();
  // whoever comes later stands behind it
  const latecomer = await sandbox.signSession({ sub: 'ben' });
  expect(await problemIn(await getEmbedUrl(gateway, latecomer))).toMatchObject({ position: 2 });

  const src = () => page.frames()[1]?.url() ?? '';
  await expect.poll(src, { timeout: 40_000 }).toContain(new URL(sandbox.hexBaseUrl).host);
  const [first, ...later] = tickets;
  expect(first).toBeUndefined();
  expect(later.length).toBeGreaterThan(0);
  expect(later.every((ticket) => ticket !== undefined)).toBe(true);
}, 90_000);
