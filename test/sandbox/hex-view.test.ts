import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { hexProjects } from '../../src/sandbox/hex-projects.ts';
import { attributesOf, openSandbox, presignedUrl } from './support.ts';

test('an embed URL can be viewed once', async () => {
  const url = await presignedUrl(await openSandbox(), { hexUserAttributes: attributesOf('acme') });
  expect((await fetch(url)).status).toBe(200);
  const second = await fetch(url);
  expect(second.status).toBe(410);
  const page = await second.text();
  expect(page).toContain(
    'This embed URL has already been viewed. Each URL can be viewed once; ask for a new one.',
  );
  expect(page).not.toContain('Lindqvist');
});

test('of many who open an embed URL at once exactly one sees it', async () => {
  const url = await presignedUrl(await openSandbox(), { hexUserAttributes: attributesOf('acme') });
  const replies = await Promise.all(Array.from({ length: 20 }, () => fetch(url)));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('a HEAD request does not use up the view', async () => {
  const url = await presignedUrl(await openSandbox(), {});
  await fetch(url, { method: 'HEAD' });
  expect((await fetch(url)).status).toBe(200);
});

test('expiresIn is milliseconds, and an URL opened after it shows nothing', async () => {
  const url = await presignedUrl(await openSandbox(), {
    hexUserAttributes: attributesOf('acme'),
    expiresIn: 20,
  });
  await sleep(60);
  const reply = await fetch(url);
  expect(reply.status).toBe(410);
  const page = await reply.text();
  expect(page).toContain('This embed URL has expired');
  expect(page).not.toContain('Lindqvist');
});

test('a made-up ticket is 404', async () => {
  const { origin } = new URL((await openSandbox()).hexBaseUrl);
  expect((await fetch(`${origin}/embed/${'A'.repeat(43)}`)).status).toBe(404);
});

test('test mode answers a standard URL that shows no numbers', async () => {
  const url = await presignedUrl(await openSandbox(), {
    hexUserAttributes: attributesOf('acme'),
    testMode: true,
  });
  expect(new URL(url).pathname).toBe(`/app/${hexProjects.sales.id}`);
  expect(await (await fetch(url)).text()).not.toContain('Lindqvist');
});

test('an embed page may be framed and is kept by nobody', async () => {
  const { headers } = await fetch(await presignedUrl(await openSandbox(), {}));
  expect(headers.get('x-frame-options')).toBeNull();
  expect(headers.get('content-security-policy')).not.toContain('frame-ancestors');
  expect(headers.get('cache-control')).toBe('no-store');
});
