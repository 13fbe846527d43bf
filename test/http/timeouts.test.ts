import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, startGateway } from '../support/gateway.ts';
import { openRaw, readToEnd } from './raw.ts';

/** Sends one more byte each half second, for as long as it is let. */
function drip(socket: Socket, start: string): void {
  socket.write(start);
  const timer = setInterval(() => socket.writable && socket.write('x'), 500);
  socket.on('close', () => {
    clearInterval(timer);
  });
  onTestFinished(() => {
    socket.destroy();
  });
}

it('a head or body that only drips in, and a silent connection, end soon after ten seconds', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const starts = {
    head: 'GET /embeds HTTP/1.1\r\nhost: x\r\nx-slow: ',
    body: 'POST /embed-url HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n',
    silence: undefined,
  };
  const took = Object.entries(starts).map(async ([what, start]) => {
    const socket = await openRaw(gateway.url);
    const startedAt = performance.now();
    if (start !== undefined) drip(socket, start);
    const answer = await readToEnd(socket);
    return { what, answer, seconds: (performance.now() - startedAt) / 1000 };
  });
  for (const { what, answer, seconds } of await Promise.all(took)) {
    expect(seconds, what).toBeGreaterThan(9);
    expect(seconds, what).toBeLessThan(13);
    if (what !== 'silence') expect(answer, what).toMatch(/^HTTP\/1\.1 408 /);
  }
  expect(gateway.output()).not.toContain('a fault');
}, 40_000);

it('a connection that asks for nothing more ends, also where line breaks keep it busy', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const request = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const took = [gateway.url, gateway.operationsUrl].flatMap((url) =>
    ['', '\r\n'].map(async (drip) => {
      const socket = await openRaw(url);
      const startedAt = performance.now();
      socket.write(request);
      const timer = setInterval(() => socket.writable && socket.write(drip), 2000);
      onTestFinished(() => {
        clearInterval(timer);
        socket.destroy();
      });
      // the bytes under way to a socket that was closed reset it
      await new Promise((resolve) => socket.resume().on('close', resolve));
      return (performance.now() - startedAt) / 1000;
    }),
  );
  for (const seconds of await Promise.all(took)) {
    expect(seconds).toBeGreaterThan(60);
    expect(seconds).toBeLessThan(90);
  }
}, 120_000);
