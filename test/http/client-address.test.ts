import Fastify from 'fastify';
import { connect, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { clientAddress } from '../../src/http/client-address.ts';
import { createTrustProxy } from '../../src/http/trusted-proxies.ts';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, startGateway } from '../support/gateway.ts';

/** The key for a request from `peer` with this X-Forwarded-For, as Fastify reads it. */
async function keyFor(peer: string, forwarded?: string, trusted: string[] = ['10.0.0.0/8']): Promise<string> {
  const app = Fastify({ trustProxy: createTrustProxy(trusted) });
  app.get('/', (request) => clientAddress(request));
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return (await app.inject({ url: '/', remoteAddress: peer, headers })).body;
}

it.each([
  ['8.8.8.8', undefined, '8.8.8.8'],
  // from a stranger the header counts for nothing
  ['8.8.8.8', '7.7.7.7', '8.8.8.8'],
  ['10.0.0.1', '7.7.7.7', '7.7.7.7'],
  ['::ffff:10.0.0.1', '7.7.7.7', '7.7.7.7'],
  // of a chain, the last that no trusted proxy is
  ['10.0.0.1', '1.1.1.1, 7.7.7.7, 10.0.0.2', '7.7.7.7'],
  ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['10.0.0.1', '7.7.7.7:1000', '7.7.7.7'],
  ['10.0.0.1', '[2001:db8:1:2:3::4]:1000', '2001:db8:1:2::'],
  ['10.0.0.1', '[2001:db8:1:2:3::4]', '2001:db8:1:2::'],
  ['10.0.0.1', '2001:DB8:1:2:ffff::4', '2001:db8:1:2::'],
  ['10.0.0.1', '::ffff:7.7.7.7', '7.7.7.7'],
  ['2001:db8:1:2:3::4', undefined, '2001:db8:1:2::'],
  ['fe80::1%eth0', undefined, 'fe80::'],
  // nonsense makes no key of its own
  ['10.0.0.1', 'nonsense', '10.0.0.1'],
  ['10.0.0.1', '999.1.1.1', '10.0.0.1'],
  ['10.0.0.1', 'unknown, ""', '10.0.0.1'],
  ['10.0.0.1', '', '10.0.0.1'],
])('a request from %s, forwarded for %j, counts as %s', async (peer, forwarded, key) => {
  expect(await keyFor(peer, forwarded)).toBe(key);
});

it('without trusted proxies the header is ignored, whoever sends it', async () => {
  expect(await keyFor('10.0.0.1', '7.7.7.7', [])).toBe('10.0.0.1');
});

it.each([
  ['0.0.0.0/0', '8.8.8.8'],
  ['0.0.0.0/0', '200.8.8.8'],
  ['::/0', '2001:db8::1'],
  ['::ffff:0:0/96', '8.8.8.8'],
  ['::ffff:10.0.0.0/104', '10.1.2.3'],
  ['10.9.9.9/8', '10.0.0.1'],
  ['10.0.0.1', '::ffff:10.0.0.1'],
  ['fe80::/10', 'fe80::1%eth0'],
])('the range %s holds the proxy %s', async (range, peer) => {
  expect(await keyFor(peer, '7.7.7.7', [range])).toBe('7.7.7.7');
});

it('a client that is gone already counts under one fixed key', () => {
  expect(clientAddress({ ip: '', socket: new Socket() })).toBe('unknown');
});

it('a client that resets at once is no fault', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const { port } = new URL(gateway.url);
  for (let count = 0; count < 50; count += 1) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write('GET /embeds HTTP/1.1\r\nhost: x\r\n\r\n', () => {
          socket.resetAndDestroy();
        });
      });
      socket.on('close', () => {
        resolve();
      });
      socket.on('error', () => undefined);
    });
  }
  const metrics = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^embed_gateway_faults_total 0$/m);
  expect(gateway.output()).not.toContain('a fault');
});
