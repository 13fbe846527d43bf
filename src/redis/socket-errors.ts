import type { Socket } from 'node:net';
import { AbstractConnector } from 'ioredis';

const streams = new WeakMap<object, Socket>();

/**
 * A TLS socket may fail twice: when its certificate is not believed and the server complains of how it was
 * ended. ioredis listens to the first error alone, and the second would end the process. Every connector,
 * those to sentinels too, keeps its socket in `stream`: here each gets a listener that stays.
 *
 * @see https://github.com/redis/ioredis/pull/962
 */
Object.defineProperty(AbstractConnector.prototype, 'stream', {
  get(this: object) {
    return streams.get(this);
  },
  set(this: object, stream: Socket) {
    stream.on('error', () => undefined);
    streams.set(this, stream);
  },
});
