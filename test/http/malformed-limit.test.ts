import { describe, expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, hostOrigin, startGateway, type RunningGateway } from '../support/gateway.ts';
import { sendRaw } from './raw.ts';

const host = 'host: x\r\n';
const preflight = `OPTIONS /embed-url HTTP/1.1\r\n${host}origin: ${hostOrigin}\r\naccess-control-request-method: GET\r\nconnection: close\r\n\r\n`;

/** What never reaches a route: its answer's status within the limit. */
const kinds: readonly (readonly [kind: string, request: string, status: number])[] = [
  ['no request', 'nonsense\r\n\r\n', 400],
  ['a large header', `GET /embeds HTTP/1.1\r\n${host}x: ${'x'.repeat(33_000)}\r\n\r\n`, 431],
  ['a tunnel', `CONNECT x:443 HTTP/1.1\r\n${host}\r\n`, 400],
  ['two Hosts', 'GET /embeds HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', 400],
  ['a broken escape', `GET /%zz HTTP/1.1\r\n${host}\r\n`, 400],
  ['a long name', `GET /embeds/${'x'.repeat(200)}/frame HTTP/1.1\r\n${host}\r\n`, 414],
  ['an expectation', `GET /embeds HTTP/1.1\r\n${host}expect: x\r\n\r\n`, 417],
  ['a preflight', preflight, 204],
  ['an OPTIONS of no origin', `OPTIONS /x HTTP/1.1\r\n${host}connection: close\r\n\r\n`, 204],
];

async function start(limit: string, listen = ''): Promise<RunningGateway> {
  const sandbox = await openSandbox();
  const more = `limits: { client: ${limit} }`;
  return startGateway(configOver(sandbox, { more, listen }), { HEX_TOKEN: sandbox.hexToken });
}

describe('the limit of a client address counts what never reaches a route', () => {
  it.each(kinds)('%s', async (_kind, request, status) => {
    const gateway = await start('{ max: 4, per: 1m }');
    for (let count = 0; count < 3; count += 1) {
      expect(await sendRaw(gateway.url, request)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    expect((await fetch(`${gateway.url}/embeds`)).status).toBe(401);
    const answer = await sendRaw(gateway.url, request);
    expect(answer).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r$/m);
    expect(answer).toMatch(/^retry-after: [1-9]\d*\r$/m);
    expect(answer).toMatch(/^ratelimit: "client";r=0;t=\d+\r$/m);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toMatch(/"code":"rate_limited"[^]*"violatedPolicies":\["client"\]/);
    expect((await fetch(`${gateway.url}/embeds`)).status).toBe(429);
  });

  it('apart for each client of a proxy, where the request has headers that say so', async () => {
    const gateway = await start('{ max: 2, per: 1m }', 'trustedProxies: [127.0.0.1]');
    const ask = async (address: string): Promise<string> => {
      const request = `GET /embeds HTTP/1.1\r\n${host}${host}x-forwarded-for: ${address}\r\n\r\n`;
      return (await sendRaw(gateway.url, request)).slice(9, 12);
    };
    expect([await ask('8.8.8.8'), await ask('8.8.8.8'), await ask('8.8.8.8')]).toEqual(['400', '400', '429']);
    expect(await ask('7.7.7.7')).toBe('400');
    // without headers they are the proxy's own, and no reader's
    for (let count = 0; count < 5; count += 1) await sendRaw(gateway.url, 'nonsense\r\n\r\n');
    expect(await ask('6.6.6.6')).toBe('400');
  });
});

it('a preflight within the limit tells an allowed origin what it may do', async () => {
  const gateway = await start('{ max: 4, per: 1m }');
  expect(await sendRaw(gateway.url, preflight)).toMatch(
    new RegExp(`^HTTP/1\\.1 204 [^]*^access-control-allow-origin: ${hostOrigin}\r$`, 'm'),
  );
});

it('lines of refusals without end are few, and their count is exact', { timeout: 60_000 }, async () => {
  const gateway = await start('{ max: 1000000, per: 1m }');
  const count = 300;
  const requests = Array.from({ length: count }, () => sendRaw(gateway.url, 'nonsense\r\n\r\n'));
  for (const answer of await Promise.all(requests)) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  const lines = gateway
    .lines()
    .filter(({ code, requestId }) => code === 'bad_request' && requestId !== undefined);
  const suppressed = (): number =>
    gateway
      .lines()
      .filter(({ msg }) => msg === 'lines of refusals suppressed')
      .reduce((sum, line) => sum + Number(line.suppressed), 0);
  await expect.poll(suppressed, { timeout: 20_000 }).toBe(count - lines.length);
  expect(lines.length).toBeLessThanOrEqual(100);
  const metrics = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  const counted = `embed_gateway_transport_refusals_total{listener="public",code="bad_request"} ${count}`;
  expect(metrics.split('\n')).toContain(counted);
});
