import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { queryOf } from '../../src/http/queue-ticket.ts';
import { isPlainTarget } from '../../src/http/request-target.ts';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, problemIn, startGateway } from '../support/gateway.ts';
import { openRaw, sendRaw } from './raw.ts';

const refusedTargets = [
  '*',
  'embeds',
  'http://gateway.example/embeds',
  '//embeds',
  '//evil.example/embeds',
  '/embeds/..',
  '/embeds/../metrics',
  '/embeds/./sales/frame',
  '/embeds/%2e%2e/metrics',
  '/embeds%2fsales',
  '/embeds%5csales',
  '/%65mbeds',
  '/embeds/%zz/frame',
  '/embeds\\sales',
  '/embeds#top',
  '/embed-url?embed=sales#top',
  '/embeds/\x01',
  '/embed-url?embed=\x7f',
  '/embeds/é',
  '/embed-url?embed=100%',
  '/embed-url?embed=%zz',
  '/embed-url?embed=%ff',
  '/embed-url?embed=%c0%af',
  '/embed-url?embed=%ed%a0%80',
];

describe('a request target is a plain path', () => {
  it.each(refusedTargets)('%j is none', (target) => {
    expect(isPlainTarget(target)).toBe(false);
  });

  it.each([
    '/embeds',
    '/embeds/sales-2_a/frame?region=E%20U&x=%2e%2e/\\',
    '/a..b/.well-known',
    '/embed-url?',
  ])('%j is one', (target) => {
    expect(isPlainTarget(target)).toBe(true);
  });

  it('a second question mark belongs to its query, as for any other reader', () => {
    for (const target of ['/embed-url??embed=sales', '/embed-url?', '/embed-url?a=b?c', '/embed-url']) {
      const { searchParams } = new URL(target, 'http://x');
      expect([...queryOf(target)], target).toEqual([...searchParams]);
    }
  });

  it('and any other is 400 in the form and with the headers of all answers', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const overLong = `/embeds/${'x'.repeat(200)}/frame`;
    for (const target of [...refusedTargets, overLong]) {
      const answer = await sendRaw(
        gateway.url,
        `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      );
      const what = JSON.stringify(target);
      expect(answer, what).toMatch(target === overLong ? /^HTTP\/1\.1 414 / : /^HTTP\/1\.1 400 /);
      expect(answer, what).toMatch(/^x-request-id: [\w-]{36}\r$/m);
      expect(answer, what).toMatch(/^cache-control: no-store\r$/m);
      expect(answer, what).toMatch(/^x-content-type-options: nosniff\r$/m);
      expect(answer, what).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r$/m);
    }
    expect(gateway.output()).not.toContain('a fault');
  });
});

describe('the body', () => {
  it('of a GET is refused and its connection closed; of a POST it must be UTF-8', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({});
    const head = `host: x\r\nauthorization: Bearer ${token}\r\n`;
    const hidden = 'GET /embeds HTTP/1.1\r\nhost: x\r\n\r\n';
    for (const framing of [
      `content-length: ${hidden.length}\r\n\r\n${hidden}`,
      `transfer-encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ]) {
      const answer = await sendRaw(gateway.url, `GET /embed-url?embed=sales HTTP/1.1\r\n${head}${framing}`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*^connection: close\r$/im);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    for (const body of [
      Buffer.from('{"embed":"sales","inputs":{"region":"\xff"}}', 'latin1'),
      '\ufeff{"embed":"sales"}',
    ]) {
      const reply = await fetch(`${gateway.url}/embed-url`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
      expect(await problemIn(reply)).toMatchObject({
        code: 'input_invalid',
        errors: [{ name: 'body', reason: 'is not valid JSON' }],
      });
    }
    expect(sandbox.hexCalls).toEqual([]);
  });
});

describe('headers', () => {
  it('are all read, however many: a second token does not hide behind two thousand lines', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const token = await sandbox.signSession({});
    const other = await sandbox.signSession({ sub: 'grace' });
    const answer = await sendRaw(
      gateway.url,
      `GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n${'a:b\r\n'.repeat(2100)}authorization: Bearer ${other}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*session_ambiguous/);
  });

  it('of an OPTIONS without a preflight’s are not answered in plain text', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const reply = await fetch(`${gateway.url}/embed-url`, { method: 'OPTIONS' });
    expect(reply.headers.get('content-type') ?? '').not.toContain('text/plain');
    expect(await reply.text()).toBe('');
  });

  it('of a transport problem name a request that the log names too, without its URL', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    const missing = await problemIn(await fetch(`${gateway.url}/some-secret-path`));
    const answer = await sendRaw(gateway.url, 'nonsense\r\n\r\n');
    const [, requestId] = /^x-request-id: (.*)\r$/m.exec(answer) ?? [];
    const lines = (): readonly unknown[] =>
      gateway.lines().filter(({ msg }) => msg === 'a problem of the transport');
    await expect.poll(lines).toMatchObject([
      { requestId: missing.requestId, status: 404, code: 'not_found' },
      { requestId, status: 400, code: 'bad_request' },
    ]);
    expect(gateway.output()).not.toContain('some-secret-path');
  });
});

const oneHeader = 'host: x\r\n';
const emptyObject = 'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

/** Requests that Node or its parser would answer by itself, and the status that ours has. */
const unformed: readonly (readonly [what: string, request: string, status: number])[] = [
  ['no Host', 'GET /embeds HTTP/1.1\r\n\r\n', 400],
  ['no version', 'GET /embeds\r\nhost: x\r\n\r\n', 400],
  ['HTTP/0.9', 'GET /embeds HTTP/0.9\r\nhost: x\r\n\r\n', 400],
  ['HTTP/2.0 in the form of HTTP/1.1', 'GET /embeds HTTP/2.0\r\nhost: x\r\n\r\n', 400],
  ['two Hosts', 'GET /embeds HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', 400],
  ['the same Host twice', 'GET /embeds HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n', 400],
  ['a tunnel', 'CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n', 400],
  ['a tunnel in HTTP/1.0', 'CONNECT evil.example:443 HTTP/1.0\r\n\r\n', 400],
  ['a strange expectation', `POST /embed-url HTTP/1.1\r\n${oneHeader}expect: a-reply\r\n${emptyObject}`, 417],
  ['two lengths', `POST /embed-url HTTP/1.1\r\n${oneHeader}content-length: 3\r\n${emptyObject}`, 400],
  ['a folded header', `GET /embeds HTTP/1.1\r\n${oneHeader}cookie: a=b;\r\n c=d\r\n\r\n`, 400],
  ['a line that ends in CR', 'GET /embeds HTTP/1.1\r\nhost: x\rcookie: a=b\r\n\r\n', 400],
  ['lines that end in LF', 'GET /embeds HTTP/1.1\nhost: x\n\n', 400],
  ['a header with a NUL', `GET /embeds HTTP/1.1\r\n${oneHeader}x: \0\r\n\r\n`, 400],
  ['a trailer without end', withTrailer('x'.repeat(40_000)), 431],
];

describe('what Node would answer by itself', () => {
  it('has the form and the headers of all answers, and ends its connection', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    for (const [what, request, status] of unformed) {
      const answer = await sendRaw(gateway.url, request);
      expect(answer, what).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer, what).toMatch(/^cache-control: no-store\r$/m);
      expect(answer, what).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r$/m);
      expect(answer, what).toMatch(/^connection: close\r$/m);
      const [, requestId = ''] = /^x-request-id: ([\w-]{36})\r$/m.exec(answer) ?? [];
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? ''), what).toMatchObject({ status, requestId });
      await expect.poll(gateway.output, { message: what }).toContain(requestId);
    }
  });

  it('is served where it is fine: HTTP/1.0 without Host, an expectation to go on', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    expect(await sendRaw(gateway.url, 'GET /embeds HTTP/1.0\r\n\r\n')).toContain('session_missing');
    const head = `POST /embed-url HTTP/1.1\r\n${oneHeader}connection: close\r\nexpect: 100-Continue\r\n`;
    expect(await sendRaw(gateway.url, head + emptyObject)).toMatch(
      /^HTTP\/1\.1 100 Continue[^]*session_missing/,
    );
  });

  it('takes nobody along when it is a tunnel whose client resets it', async () => {
    const sandbox = await openSandbox();
    const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
    for (let count = 0; count < 50; count += 1) {
      const socket = await openRaw(gateway.url);
      socket.write('CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n', () => socket.resetAndDestroy());
      if (!socket.closed) await once(socket, 'close');
    }
    expect((await fetch(`${gateway.operationsUrl}/livez`)).status).toBe(200);
  });
});

function withTrailer(value: string): string {
  const head = `POST /embed-url HTTP/1.1\r\n${oneHeader}content-type: application/json\r\n`;
  return `${head}transfer-encoding: chunked\r\n\r\n0\r\nx: ${value}\r\n\r\n`;
}
