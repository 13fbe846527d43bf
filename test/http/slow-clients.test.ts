import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { genuine, startTarget, type Target } from '../fuzz/target.ts';
import { openRaw } from './raw.ts';

/** Both longer in a run by hand: `SLOW_CLIENTS=2000 SLOW_SECONDS=120`. */
const clients = Number(process.env.SLOW_CLIENTS ?? 2000);
const seconds = Number(process.env.SLOW_SECONDS ?? 25);
/** A request's 10 s, how often they are looked for, the time to read the answer, and a busy machine. */
const endedAfterMs = 30_000;
const mebibyte = 2 ** 20;
const garbageCollector = join(import.meta.dirname, '../support/collect-garbage.mjs');

const head = 'POST /embed-url HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';

/** What a slow client says first, and then again and again, whatever it is told. */
const kinds: readonly (readonly [start: string, drip: string])[] = [
  ['', ''],
  ['GET /embeds HTTP/1.1\r\nhost: x\r\nx-slow: ', 'x'],
  ['G', 'E'],
  [`${head}content-length: 1000\r\n\r\n`, 'x'],
  [`${head}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
  [`${head}transfer-encoding: chunked\r\n\r\n0\r\n`, 'x: y\r\n'],
  ['GET /embeds HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', 'x'],
  ['nonsense\r\n\r\n', 'x'],
  ['CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n', 'x'],
  ['GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', 'x'],
  ['GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 'x'],
  ['GET /embeds HTTP/1.1\r\nhost: x\r\n\r\nGET /embeds HTTP/1.1\r\nx: ', 'x'],
];

/** Opens a connection that goes on sending for as long as it may, whatever it is told. */
async function dripOn(url: string, [start, drip]: (typeof kinds)[number]): Promise<Socket> {
  const socket = await openRaw(url);
  let next = drip;
  if (start !== '') socket.write(start);
  const timer = setInterval(() => next !== '' && socket.writable && socket.write(next), 1000);
  socket.on('close', () => {
    clearInterval(timer);
  });
  // the end of the other side is not the end of this one, and bytes are how it learns that all is over
  socket.allowHalfOpen = true;
  socket.on('end', () => (next = 'x')).resume();
  return socket;
}

interface Held {
  readonly descriptors: number;
  readonly open: number;
  readonly heap: number;
  readonly resident: number;
}

async function held({ gateway }: Target): Promise<Held> {
  gateway.kill('SIGUSR2');
  const text = await (await fetch(`${gateway.operationsUrl}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1]);
  return {
    descriptors: readdirSync(`/proc/${gateway.pid}/fd`).length,
    open: value('embed_gateway_open_connections{listener="public"}'),
    heap: value('nodejs_heap_size_used_bytes'),
    resident: value('process_resident_memory_bytes'),
  };
}

it(
  'slow clients without number are all ended, others are served meanwhile, and nothing is left of them',
  { timeout: seconds * 1000 + endedAfterMs + 120_000 },
  async () => {
    const target = await startTarget(undefined, { NODE_OPTIONS: `--import=${garbageCollector}` });
    const { url } = target.gateway;
    const ask = async (): Promise<number> => {
      const startedAt = performance.now();
      const headers = { authorization: `Bearer ${genuine()}`, connection: 'close' };
      const reply = await fetch(`${url}/embed-url?embed=sales`, { headers });
      expect(reply.status).toBe(200);
      return performance.now() - startedAt;
    };
    await ask();
    const sockets = new Set<Socket>();
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const endsAt = performance.now() + seconds * 1000;
    const keepOne = async (at: number): Promise<void> => {
      while (performance.now() < endsAt) {
        const kind = kinds[at % kinds.length];
        if (!kind) return;
        // so many at once may find the kernel's queue full
        const socket = await dripOn(url, kind).catch(() => undefined);
        if (!socket) continue;
        if (performance.now() >= endsAt) socket.destroy();
        sockets.add(socket);
        await new Promise((resolve) => socket.once('close', resolve));
        sockets.delete(socket);
      }
    };
    const before = await held(target);
    for (let at = 0; at < clients; at += 1) void keepOne(at);
    let during = before;
    let slowestMs = 0;
    while (performance.now() < endsAt) {
      slowestMs = Math.max(slowestMs, await ask());
      const now = await held(target);
      if (now.open > during.open) during = now;
    }
    // no client closes its connection
    await expect.poll(async () => (await held(target)).open, { timeout: endedAfterMs }).toBe(0);
    const after = await held(target);
    if (process.env.SLOW_SECONDS !== undefined) {
      process.stdout.write(`${JSON.stringify({ clients, seconds, slowestMs, before, during, after })}\n`);
    }

    expect(during.open).toBeGreaterThan(clients / 3);
    expect(slowestMs).toBeLessThan(10_000);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 2);
    expect(after.heap - before.heap).toBeLessThan(8 * mebibyte);
    expect(after.resident - before.resident).toBeLessThan(96 * mebibyte);
    await target.expectUnharmed();
  },
);
