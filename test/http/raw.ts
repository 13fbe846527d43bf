import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection over which a test says what no HTTP client would. */
export async function openRaw(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that the other side says until it closes. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

/** Sends bytes as they stand and gives the whole answer. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<string> {
  const socket = await openRaw(url);
  socket.write(bytes);
  return readToEnd(socket);
}
