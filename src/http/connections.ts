import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createConnection, type Connection } from './connection.ts';
import { responseText, type MalformedResponse } from './malformed.ts';
import { refuseConnection, refusedAtOnceMax } from './refuse-connection.ts';
import { requestTimeoutMs, keepAliveTimeoutMs, writeTimeoutMs } from './server-limits.ts';

/** Told how many connections are open, and of each that was refused since there were too many. */
export interface ObserveConnections {
  readonly open: (count: number) => void;
  readonly refused: () => void;
}

export interface ConnectionsParts {
  /** Connections served at a time. */
  readonly max: number;
  readonly describeSurplus: () => MalformedResponse;
  readonly observe: ObserveConnections;
}

/** The connections of one listener. */
export interface Connections {
  readonly of: (socket: Socket) => Connection | undefined;
  readonly track: (server: Server) => void;
  /** Closes every connection whose request is not under way, now; the others after their response. */
  readonly stop: () => void;
  readonly isStopping: () => boolean;
}

const sweepEveryMs = 1000;
/** Node's own timers come first; these end what they leave open. */
const sweepMarginMs = 2000;

/** Keeps the connections of one listener: not more than so many, and none for ever. */
export function createConnections({ max, describeSurplus, observe }: ConnectionsParts): Connections {
  const connections = new Map<Socket, Connection>();
  const stalledSinceMs = new WeakMap<Socket, number>();
  let isStopping = false;

  const sweep = (): void => {
    const nowMs = performance.now();
    for (const [socket, connection] of connections) {
      if (socket.writableLength === 0) stalledSinceMs.delete(socket);
      else if (!stalledSinceMs.has(socket)) stalledSinceMs.set(socket, nowMs);
      const stalledMs = nowMs - (stalledSinceMs.get(socket) ?? nowMs);
      const idleMs = nowMs - (connection.idleSinceMs() ?? nowMs);
      // line breaks between requests restart Node's timer for idle connections, and no other
      const isIdle = idleMs > keepAliveTimeoutMs + requestTimeoutMs + sweepMarginMs;
      if (isIdle || stalledMs > writeTimeoutMs) socket.destroy();
    }
  };

  const open = (socket: Socket): void => {
    if (connections.size >= max) {
      observe.refused();
      refuseConnection(socket, () => responseText(describeSurplus()));
      return;
    }
    const connection = createConnection(socket);
    connections.set(socket, connection);
    // Node calls this once the last response of a connection was written
    socket.destroySoon = () => {
      connection.end();
    };
    observe.open(connections.size);
    socket.once('close', () => {
      connections.delete(socket);
      observe.open(connections.size);
    });
  };

  return {
    of: (socket) => connections.get(socket),
    track: (server) => {
      // beyond these Node closes connections as soon as it has accepted them
      server.maxConnections = max + refusedAtOnceMax;
      server.on('connection', open).on('drop', observe.refused);
      const timer = setInterval(sweep, sweepEveryMs).unref();
      server.once('close', () => {
        clearInterval(timer);
      });
    },
    stop: () => {
      isStopping = true;
      for (const [socket, connection] of connections) {
        // Node looks for late bodies no more once a server closes
        if (connection.isReceiving()) setTimeout(() => socket.destroy(), requestTimeoutMs).unref();
        else if (!connection.isBusy()) socket.destroy();
      }
    },
    isStopping: () => isStopping,
  };
}
