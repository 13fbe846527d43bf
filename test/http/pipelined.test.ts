import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { genuine, startTarget } from '../fuzz/target.ts';
import { openRaw, readToEnd } from './raw.ts';

const host = 'host: x\r\n';
const json = `${host}content-type: application/json\r\n`;
const chunked = 'transfer-encoding: chunked\r\n\r\n';

/** A request that mints, and says which one it is. */
function mint(note: string, headers = ''): string {
  return `GET /embed-url?embed=sales&note=${note} HTTP/1.1\r\n${host}${headers}authorization: Bearer ${genuine()}\r\n\r\n`;
}

/** Requests whose connection ends with their answer, and its status. */
const refused: readonly (readonly [kind: string, request: string, status: number])[] = [
  ['two-hosts', 'GET /embeds HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n', 400],
  ['no-host', 'GET /embeds HTTP/1.1\r\n\r\n', 400],
  ['absolute-form', `GET http://x/embeds HTTP/1.1\r\n${host}\r\n`, 400],
  ['asterisk-form', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400],
  ['bad-escape', `GET /%zz HTTP/1.1\r\n${host}\r\n`, 400],
  ['dot-segments', `GET /embeds/../metrics HTTP/1.1\r\n${host}\r\n`, 400],
  ['http-2', `GET /embeds HTTP/2.0\r\n${host}\r\n`, 400],
  ['http-0.9', `GET /embeds HTTP/0.9\r\n${host}\r\n`, 400],
  ['expectation', `GET /embeds HTTP/1.1\r\n${host}expect: a-reply\r\n\r\n`, 417],
  ['expectation-body', `POST /embed-url HTTP/1.1\r\n${json}expect: x\r\ncontent-length: 2\r\n\r\n{}`, 417],
  ['continue-two-hosts', 'GET /embeds HTTP/1.1\r\nhost: x\r\nhost: y\r\nexpect: 100-continue\r\n\r\n', 400],
  ['chunked-get', `GET /embeds HTTP/1.1\r\n${host}${chunked}0\r\n\r\n`, 400],
  ['body-of-a-get', `GET /embeds HTTP/1.1\r\n${host}content-length: 2\r\n\r\n{}`, 400],
  ['body-of-a-delete', `DELETE /embeds HTTP/1.1\r\n${host}content-length: 2\r\n\r\n{}`, 400],
  [
    'other-coding',
    `POST /embed-url HTTP/1.1\r\n${json}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['chunked-in-1.0', `POST /embed-url HTTP/1.0\r\n${json}connection: keep-alive\r\n${chunked}0\r\n\r\n`, 400],
  ['long-name', `GET /embeds/${'x'.repeat(200)}/frame HTTP/1.1\r\n${host}\r\n`, 414],
  [
    'large-body',
    `POST /embed-url HTTP/1.1\r\n${json}content-length: 20000\r\n\r\n${'x'.repeat(20_000)}`,
    413,
  ],
  [
    'large-chunk',
    `POST /embed-url HTTP/1.1\r\n${json}${chunked}4e20\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`,
    413,
  ],
  [
    'media-type',
    `POST /embed-url HTTP/1.1\r\n${host}content-type: text/plain\r\ncontent-length: 2\r\n\r\n{}`,
    415,
  ],
  ['large-header', `GET /embeds HTTP/1.1\r\n${host}x: ${'x'.repeat(33_000)}\r\n\r\n`, 431],
  ['broken-chunk', `POST /embed-url HTTP/1.1\r\n${json}${chunked}zz\r\n`, 400],
  ['no-request', 'nonsense\r\n\r\n', 400],
  ['two-lengths', `POST /embed-url HTTP/1.1\r\n${json}content-length: 3\r\ncontent-length: 2\r\n\r\n{}`, 400],
  ['tunnel', `CONNECT x:443 HTTP/1.1\r\n${host}\r\n`, 400],
  ['close', `GET /embeds HTTP/1.1\r\n${host}connection: close\r\n\r\n`, 401],
  ['http-1.0', `GET /embeds HTTP/1.0\r\n${host}\r\n`, 401],
  ['upgrade', `GET /embeds HTTP/1.1\r\n${host}connection: upgrade\r\nupgrade: h2c\r\n\r\n`, 401],
];

/** Writes bytes in so many segments, each on its way before the next. */
async function writeIn(segments: number, socket: Socket, bytes: string): Promise<void> {
  const size = Math.ceil(bytes.length / segments);
  for (let at = 0; at < bytes.length && socket.writable; at += size) {
    await new Promise((resolve) => socket.write(bytes.slice(at, at + size), resolve));
    await new Promise(setImmediate);
  }
}

describe('behind a request that closes its connection', () => {
  it.each([1, 2, 9])(
    'nothing is dispatched, and what came before is answered (%i segments)',
    async (segments) => {
      const { gateway, minted, expectUnharmed } = await startTarget();
      await Promise.all(
        refused.map(async ([kind, request, status]) => {
          const socket = await openRaw(gateway.url);
          const answer = readToEnd(socket);
          const bytes = [mint(`first-${kind}`), mint(`second-${kind}`), request, mint(`behind-${kind}`)];
          await writeIn(segments, socket, [...bytes, mint(`last-${kind}`)].join(''));
          const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, found]) =>
            Number(found),
          );
          expect(statuses, kind).toEqual([200, 200, status]);
        }),
      );
      const notes = minted().map((body) => /"note":"(\w+)-/.exec(body)?.[1]);
      expect(notes.filter((note) => note !== 'first' && note !== 'second')).toEqual([]);
      expect(notes).toHaveLength(2 * refused.length);
      await expectUnharmed();
    },
  );

  it('nothing is dispatched either when the gateway stops meanwhile; the mint under way is answered', async () => {
    const { gateway, minted } = await startTarget(undefined, {}, 1500);
    const socket = await openRaw(gateway.url);
    const answer = readToEnd(socket);
    socket.write(mint('first') + mint('behind'));
    await expect.poll(minted).toHaveLength(1);
    const code = gateway.stop();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*^connection: close\r$/im);
    expect(await code).toBe(0);
    expect(minted()).toHaveLength(1);
  });
});

it('requests of one connection are dispatched one after the other, and answered in their order', async () => {
  const { gateway, minted } = await startTarget();
  const socket = await openRaw(gateway.url);
  const answer = readToEnd(socket);
  const notes = Array.from({ length: 20 }, (_, at) => `n${at}n`);
  socket.write(notes.map((note) => mint(note)).join('') + mint('end', 'connection: close\r\n'));
  expect((await answer).match(/HTTP\/1\.1 200 /g)).toHaveLength(21);
  expect(minted().map((body) => /"note":"(\w+)"/.exec(body)?.[1])).toEqual([...notes, 'end']);
});

it('a client that leaves has nothing dispatched of what waited behind its request', async () => {
  const { gateway, minted } = await startTarget(undefined, {}, 800);
  const socket = await openRaw(gateway.url);
  socket.write(mint('first') + mint('behind'));
  await expect.poll(minted).toHaveLength(1);
  socket.destroy();
  await once(socket, 'close');
  const other = await openRaw(gateway.url);
  other.write(mint('other', 'connection: close\r\n'));
  expect(await readToEnd(other)).toMatch(/^HTTP\/1\.1 200 /);
  expect(minted().join()).not.toContain('behind');
});
