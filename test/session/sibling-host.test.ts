import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { launchBrowser } from '../support/browser.ts';
import { createAuthority } from '../support/certificates.ts';
import { configOver, startGateway } from '../support/gateway.ts';
import { startTlsServer } from '../support/tls-server.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser.close();
});

const name = '__Host-session';

/** One of those cookies, as it arrives. */
const lenientlyRead = new RegExp(`(?:^|; )\u00a0${name}=`);

/** What the page of a sibling host writes: as a header of these bytes, or by script. */
const tossed = (token: string) => {
  const rest = `=${token}; Domain=example.test; Path=/; Secure`;
  return {
    headers: [
      `\u00a0${name}${rest}`,
      `${name}\u00a0${rest}`,
      Buffer.from(`\ufeff${name}`).toString('latin1') + rest,
      `\t${name}${rest}`,
      `${name}${rest}`,
      `=${name}${rest}`,
      `"${name}"${rest}`,
    ],
    scripted: ['\u00a0', '\u2003', '\u2028', '\u3000', '\ufeff'].map((blank) => `${blank}${name}${rest}`),
  };
};

/**
 * A gateway behind TLS and a page on `app.example.test`, whose sessions are in a `__Host-` cookie, and a sibling host
 * `blog.example.test` that writes cookies for all of `example.test`.
 */
async function openSite() {
  const sandbox = await openSandbox();
  const config = configOver(sandbox).replace('[bearer, cookie:session]', `["cookie:${name}"]`);
  const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
  const cookies: string[] = [];
  const evil = tossed(await sandbox.signSession({ sub: 'ada', org_id: 'evil' }));

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { url: path, method, headers } = incoming;
    if (path === '/') {
      const isBlog = headers.host?.startsWith('blog.') === true;
      for (const header of isBlog ? evil.headers : []) outgoing.appendHeader('set-cookie', header);
      const lines = JSON.stringify(isBlog ? evil.scripted : []);
      outgoing.setHeader('content-type', 'text/html');
      const page = `<!doctype html><script>for (const one of ${lines}) document.cookie = one</script>`;
      // as bytes, since Node writes the headers before a text as UTF-8
      outgoing.end(Buffer.from(page));
      return;
    }
    cookies.push(headers.cookie ?? '');
    incoming.pipe(
      forward(gateway.url, { path, method, headers, agent: false }, (reply) => {
        reply.pipe(outgoing.writeHead(reply.statusCode ?? 0, reply.headers));
      }),
    );
  };
  const { certificate, privateKey } = createAuthority().issue('DNS:*.example.test');
  const port = await startTlsServer({ cert: certificate, key: privateKey }, (incoming, outgoing) => {
    answer(incoming, outgoing);
  });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  const origin = `https://app.example.test:${port}`;
  return { sandbox, context, cookies, origin, blog: `https://blog.example.test:${port}/` };
}

/** Visits the sibling host, then asks the gateway for a URL from the page on its host. */
async function visitBoth(context: BrowserContext, { blog, origin }: { blog: string; origin: string }) {
  const page = await context.newPage();
  await page.goto(blog);
  await page.goto(`${origin}/`);
  return page.evaluate(async () => {
    const reply = await fetch('/embed-url?embed=sales');
    return { status: reply.status, body: (await reply.json()) as { readonly code?: string } };
  });
}

it('a sibling host cannot sign a browser in whose session is in a __Host- cookie', async () => {
  const { sandbox, context, cookies, ...site } = await openSite();
  const { status, body } = await visitBoth(context, site);
  // the browser sent what a lenient reader takes for the cookie
  expect(cookies.at(-1)).toMatch(lenientlyRead);
  expect({ status, code: body.code }).toEqual({ status: 401, code: 'session_missing' });
  expect(sandbox.hexCalls).toEqual([]);
});

it('a sibling host cannot displace or refuse the session that is in a __Host- cookie', async () => {
  const { sandbox, context, cookies, ...site } = await openSite();
  const value = await sandbox.signSession({ sub: 'ada' });
  await context.addCookies([{ name, value, url: site.origin, secure: true }]);
  expect((await visitBoth(context, site)).status).toBe(200);
  expect(cookies.at(-1)).toMatch(lenientlyRead);
  expect(sandbox.hexCalls).toMatchObject([{ body: { hexUserAttributes: { orgId: 'acme' } } }]);
});
