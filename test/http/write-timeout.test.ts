import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startTarget } from '../fuzz/target.ts';
import { openRaw } from './raw.ts';

/** Of each listener, what is asked for again and again and never read. */
const requests = {
  public: `GET /embeds HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  operations: `GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n`,
} as const;

it.each(['public', 'operations'] as const)(
  'a client that never reads what it asked for is closed (%s listener)',
  { timeout: 90_000 },
  async (listener) => {
    const { gateway, expectUnharmed } = await startTarget();
    const socket = await openRaw(listener === 'public' ? gateway.url : gateway.operationsUrl);
    const timer = setInterval(() => socket.writable && socket.write(requests[listener].repeat(40)), 20);
    onTestFinished(() => {
      clearInterval(timer);
      socket.destroy();
    });
    socket.pause();
    const gone = once(socket, 'close').catch(() => undefined);
    const open = async (): Promise<number> => {
      const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
      const [, count] = /^embed_gateway_open_connections\{listener="public"\} (\d+)$/m.exec(text) ?? [];
      return Number(count);
    };
    if (listener === 'public') await expect.poll(open, { timeout: 60_000, interval: 1000 }).toBe(0);
    else await gone;
    await expectUnharmed();
  },
);
