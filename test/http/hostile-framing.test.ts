import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { startTarget } from '../fuzz/target.ts';
import { framingCases } from './framing-cases.ts';
import { openRaw } from './raw.ts';

const further = 'GET /further HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';

interface Said {
  text: string;
  isClosed: boolean;
}

function listen(socket: Socket): Said {
  const said: Said = { text: '', isClosed: false };
  socket.on('data', (chunk: Buffer) => (said.text += chunk.toString('latin1')));
  socket.on('close', () => (said.isClosed = true));
  return said;
}

function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

it('one answer for each request, in our form; nothing hidden is dispatched; the connection is what it should be', async () => {
  expect(framingCases.length).toBeGreaterThan(40);
  const { gateway, minted, expectUnharmed } = await startTarget();
  await Promise.all(
    framingCases.map(async ({ what, bytes, statuses, isOpen }) => {
      const socket = await openRaw(gateway.url);
      const said = listen(socket);
      socket.write(Buffer.from(bytes, 'latin1'));
      await expect.poll(() => statusesIn(said.text), { message: what, timeout: 8000 }).toEqual(statuses);
      // either it takes one more request, or it is over
      if (isOpen) socket.write(further);
      await expect.poll(() => said.isClosed, { message: what, timeout: 8000 }).toBe(true);
      expect(statusesIn(said.text), what).toEqual([...statuses, ...(isOpen ? [404] : [])]);
      if (isOpen) return;
      const [lastHead = '', body = ''] = said.text
        .slice(said.text.lastIndexOf('HTTP/1.1 '))
        .split('\r\n\r\n');
      expect(lastHead, what).toMatch(/^connection: close$/im);
      expect(lastHead, what).toMatch(/^content-type: application\/problem\+json; charset=utf-8$/m);
      expect(JSON.parse(body), what).toMatchObject({ status: statuses.at(-1) });
    }),
  );
  expect(minted()).toEqual([]);
  await expectUnharmed();
});
