import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * A server in a key server's place that says to each path the bytes that stand for it, be they HTTP or
 * not, and closes; stopped when the test ends.
 *
 * @returns its origin
 */
export async function startRawKeyServer(bytesFor: (path: string) => string): Promise<string> {
  const server = createServer((socket) => {
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString();
      if (!head.endsWith('\r\n\r\n')) return;
      const [, path = ''] = head.split(' ');
      socket.end(Buffer.from(bytesFor(path), 'latin1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
