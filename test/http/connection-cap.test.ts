import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, startGateway, type RunningGateway } from '../support/gateway.ts';
import { openRaw, readToEnd, sendRaw } from './raw.ts';

const request = 'GET /embeds HTTP/1.1\r\nhost: x\r\n\r\n';
const lastRequest = 'GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

/** Asks over a connection that stays. @returns the answer's status */
async function askOn(socket: Socket): Promise<string> {
  socket.write(request);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString().slice(9, 12);
}

async function openMany(url: string, count: number): Promise<readonly Socket[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => openRaw(url)));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

/** The value of a metric of the public listener. */
async function metric(gateway: RunningGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  return Number(new RegExp(`^embed_gateway_${name}\\{listener="public"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

/** What a connection is told that may be reset. */
async function sendToSurplus(url: string): Promise<string> {
  const socket = await openRaw(url);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(request);
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}

it('a connection too many is told so and closed, those there are are served, and health is answered', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox, { listen: 'maxConnections: 5' }), {
    HEX_TOKEN: sandbox.hexToken,
  });
  const served = await openMany(gateway.url, 5);
  for (const socket of served) expect(await askOn(socket)).toBe('401');

  const answer = await sendRaw(gateway.url, request);
  expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r$/m);
  expect(answer).toMatch(/^content-type: application\/problem\+json; charset=utf-8\r$/m);
  expect(answer).toMatch(/^retry-after: [1-9]\d*\r$/m);
  expect(answer).toMatch(/^connection: close\r$/m);
  const [, requestId = ''] = /^x-request-id: ([\w-]{36})\r$/m.exec(answer) ?? [];
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    type: 'about:blank',
    status: 503,
    code: 'service_unavailable',
    requestId,
  });
  await expect.poll(gateway.output).toContain(requestId);

  // one that says nothing is told too, and soon
  const silent = await openRaw(gateway.url);
  expect(await readToEnd(silent)).toMatch(/^HTTP\/1\.1 503 /);

  const surplus = await Promise.all(Array.from({ length: 400 }, () => sendToSurplus(gateway.url)));
  const told = surplus.filter((text) => text.startsWith('HTTP/1.1 503 '));
  expect(told.length).toBeGreaterThan(50);
  expect(surplus.filter((text) => text !== '' && !told.includes(text))).toEqual([]);

  for (const socket of served) expect(await askOn(socket)).toBe('401');
  expect((await fetch(`${gateway.operationsUrl}/livez`)).status).toBe(200);
  expect(await metric(gateway, 'open_connections')).toBe(5);
  expect(await metric(gateway, 'refused_connections_total')).toBe(402);
  served[0]?.destroy();
  await expect.poll(async () => (await sendRaw(gateway.url, lastRequest)).slice(9, 12)).toBe('401');
});

it('the operations listener has a cap of its own', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const sockets = await openMany(gateway.operationsUrl, 200);
  const first = await Promise.all(
    sockets.map((socket) => {
      socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
      return new Promise<string>((resolve) => {
        socket.once('data', (chunk: Buffer) => {
          resolve(chunk.toString().slice(9, 12));
        });
        socket.once('close', () => {
          resolve('');
        });
      });
    }),
  );
  expect(first.filter((status) => status === '200')).toHaveLength(64);
  expect(first.filter((status) => status === '503').length).toBeGreaterThan(50);
  expect((await fetch(`${gateway.url}/embeds`)).status).toBe(401);
});
