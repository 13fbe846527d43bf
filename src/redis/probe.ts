import { keyPrefix, type RedisClient } from './connect.ts';
import { defineScript } from './define-script.ts';

/**
 * Asks for a sign of life that proves what a decision needs: the server that owns our keys answers, runs a
 * script for this user, and writes. A PING may be answered by any node of a Cluster, a replica, or a full one.
 *
 * @throws when it does not
 */
export function createProbe(client: RedisClient): () => Promise<void> {
  const sign = defineScript(client, 'signOfLife', `return redis.call('SET', KEYS[1], 1, 'PX', 60000)`);
  return async () => {
    await sign([`${keyPrefix}:alive`], []);
  };
}
