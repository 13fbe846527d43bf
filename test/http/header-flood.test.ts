import { expect, it } from 'vitest';
import { openSandbox } from '../sandbox/support.ts';
import { configOver, problemIn, startGateway } from '../support/gateway.ts';
import { openRaw, sendRaw } from './raw.ts';

const start = 'GET /embeds HTTP/1.1\r\nhost: x\r\nconnection: close\r\n';
const line = 'x-flood: 0123456789\r\n';

/** Sends header lines for as long as anybody takes them. @returns what was said to it, if it came to read that */
async function flood(url: string): Promise<string> {
  const socket = await openRaw(url);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  const write = (): void => {
    while (socket.writable && socket.write(line.repeat(50)));
  };
  socket.write(start);
  socket.on('drain', write);
  write();
  // once() would fail where the connection is reset
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}

/** Node counts names and values, and not what stands between them. */
const bytesMax = 32_768;

it('headers may have 32 kB together, in few lines or many, and not more', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  for (const [name, value] of [
    ['x-flood', '0123456789'],
    ['a', ''],
    ['x', 'y'.repeat(8000)],
    ['cookie', 'a=b;'.repeat(500)],
  ] as const) {
    const size = name.length + value.length;
    const send = (count: number): Promise<string> =>
      sendRaw(gateway.url, `${start}${`${name}:${value}\r\n`.repeat(count)}\r\n`);
    const startedAt = performance.now();
    expect(await send(Math.floor((bytesMax - start.length) / size)), name).toMatch(/^HTTP\/1\.1 401 /);
    expect(performance.now() - startedAt, name).toBeLessThan(2000);
    expect(await send(Math.ceil(bytesMax / size)), name).toMatch(
      /^HTTP\/1\.1 431 [^]*"request_header_fields_too_large"/,
    );
  }
});

it('headers without end are cut off, on many connections at once, and others are served meanwhile', async () => {
  const sandbox = await openSandbox();
  const gateway = await startGateway(configOver(sandbox), { HEX_TOKEN: sandbox.hexToken });
  const answers = Promise.all(Array.from({ length: 200 }, () => flood(gateway.url)));
  const startedAt = performance.now();
  expect((await problemIn(await fetch(`${gateway.url}/embeds`))).code).toBe('session_missing');
  expect(performance.now() - startedAt).toBeLessThan(5000);
  for (const answer of await answers) {
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 431 [^]*"code":"request_header_fields_too_large"/);
  }
  expect((await fetch(`${gateway.operationsUrl}/livez`)).status).toBe(200);
  expect(gateway.output()).not.toContain('a fault');
});
