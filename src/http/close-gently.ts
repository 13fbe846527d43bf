import type { Socket } from 'node:net';

/** Time for the other side to read the answer. A socket closed at once is reset by what is still under way to it. */
const lingerMs = 2000;
/** What is read and dropped on a connection that ends; beyond it nothing more is read. */
const discardedBytesMax = 262_144;

const discarding = new WeakSet<Socket>();

/** Reads on without parsing, so that the end of the other side is seen and the answer is not lost to a reset. */
export function discardInput(socket: Socket): void {
  if (discarding.has(socket)) return;
  discarding.add(socket);
  let bytes = 0;
  socket.removeAllListeners('data');
  socket.on('data', ({ length }: Buffer) => {
    bytes += length;
    if (bytes > discardedBytesMax) socket.pause();
  });
  socket.resume();
}

/**
 * Ends a connection: its own side once what was written is sent, all of it when the other side ends too,
 * and after two seconds at the latest.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6-14
 */
export function closeGently(socket: Socket): void {
  discardInput(socket);
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => {
      clearTimeout(timer);
    });
    if (socket.closed) clearTimeout(timer);
  });
}
