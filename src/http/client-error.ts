import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { addressKey } from './client-address.ts';
import type { Connections } from './connections.ts';
import type { MalformedResponse } from './malformed.ts';

const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

type DescribeMalformed = (status: number, address: string) => MalformedResponse;

/** Answers what is not HTTP enough to become a request, in the form of all other problems, and closes. */
export function createReplyClientError(connections: Connections, describe: DescribeMalformed) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    const connection = connections.of(socket);
    if (error.code === 'ECONNRESET' || !connection) {
      socket.destroy();
      return;
    }
    connection.fail(() => describe(statuses[error.code ?? ''] ?? 400, addressKey(socket.remoteAddress)));
  };
}

/** Refuses to be a tunnel (`CONNECT`). Node hands over a connection whose errors nobody hears, nor its end. */
export function createRefuseTunnel(connections: Connections, describe: DescribeMalformed) {
  return ({ socket }: { readonly socket: Socket }, tunnel: Duplex): void => {
    tunnel.on('error', () => undefined);
    connections.of(socket)?.fail(() => describe(400, addressKey(socket.remoteAddress)));
  };
}
