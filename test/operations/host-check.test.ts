import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { isAllowedHost } from '../../src/operations/host-check.ts';
import { sendRaw } from '../http/raw.ts';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, startGateway, type RunningGateway } from '../support/gateway.ts';

const bound = { host: 'ops.internal', allowedHosts: ['gateway', 'metrics.internal:9090', '[fd00::7]'] };

describe('the operations listener knows its own names', () => {
  it.each([
    'localhost',
    'LOCALHOST:9090',
    '127.0.0.1:9090',
    '127.8.8.8',
    '[::1]:9090',
    '[0:0:0:0:0:0:0:1]',
    'ops.internal:19090',
    'gateway',
    'Gateway:9090',
    'metrics.internal:9090',
    '[fd00::7]:9090',
    '10.0.0.5:9090',
  ])('%j is one', (host) => {
    expect(isAllowedHost(host, '10.0.0.5', bound)).toBe(true);
    expect(isAllowedHost(host, '::ffff:10.0.0.5', bound)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'localhost.',
    '10.0.0.6',
    '127.1',
    '0x7f000001',
    '2130706433',
    '[::2]',
    '[fd00::8]',
    '[localhost]',
    '[10.0.0.5',
    'metrics.internal',
    'metrics.internal:9091',
    'gateway.evil.example',
    'localhost:port',
    'user@localhost',
    'localhost/',
    'localhost, evil.example',
    ' localhost',
  ])('%j is none', (host) => {
    expect(isAllowedHost(host, '10.0.0.5', bound)).toBe(false);
  });
});

async function ask(gateway: RunningGateway, path: string, hosts: string, url = gateway.operationsUrl) {
  return sendRaw(url, `GET ${path} HTTP/1.1\r\n${hosts}connection: close\r\n\r\n`);
}

it('a page whose name was made to lead to the operations listener reads nothing', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const { port } = new URL(gateway.operationsUrl);
  for (const path of ['/livez', '/readyz', '/metrics', '/', '/status.json', '/unknown']) {
    const answer = await ask(gateway, path, `host: evil.example:${port}\r\n`);
    expect(answer, path).toMatch(/^HTTP\/1\.1 421 Misdirected Request\r$/m);
    expect(answer, path).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r$/m);
    expect(answer, path).toMatch(/^connection: close\r$/m);
    expect(answer, path).toContain('"code":"misdirected_request"');
    expect(answer, path).not.toMatch(/embed_gateway|status":"alive|dependencies/);
  }
  expect(await ask(gateway, '/livez', `host: localhost:${port}\r\n`)).toContain('alive');
  for (const hosts of ['', 'host: localhost\r\nhost: localhost\r\n', 'host: localhost\r\nhost: evil\r\n']) {
    const answer = await ask(gateway, '/livez', hosts);
    expect(answer, hosts).toMatch(/^HTTP\/1\.1 400 [^]*^connection: close\r$/m);
    expect(answer, hosts).toContain('"code":"bad_request"');
  }
  expect(await sendRaw(gateway.operationsUrl, 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
});

it('a probe that asks by the address that it reaches, or by a name that is allowed, is answered', async () => {
  const sandbox = await openSandbox();
  const config = configOver(sandbox).replace(
    'operations: { port: 0 }',
    'operations: { port: 0, host: 0.0.0.0, allowedHosts: [gateway] }',
  );
  const gateway = await startGateway(config, { HEX_TOKEN: sandbox.hexToken });
  const { port } = new URL(gateway.operationsUrl);
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const ours = addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
  expect(ours).toContain('127.0.0.1');
  for (const address of ours) {
    const url = `http://${address}:${port}`;
    expect((await fetch(`${url}/livez`)).status, address).toBe(200);
    expect(await ask(gateway, '/livez', 'host: gateway:9090\r\n', url), address).toContain('alive');
    expect(await ask(gateway, '/livez', 'host: 203.0.113.9\r\n', url), address).toMatch(/^HTTP\/1\.1 421 /);
  }
});
