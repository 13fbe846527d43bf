import type { RedisClient } from '../../src/redis/connect.ts';

export const clockKey = '{embed-gateway}:now';

/** The real Redis and the real scripts, but that their time is what a key holds, in milliseconds. */
export function underClock(client: RedisClient): RedisClient {
  const define = client.defineCommand.bind(client);
  client.defineCommand = (name, definition) => {
    const clock = `{ redis.call('GET', '${clockKey}') / 1000, 0 }`;
    define(name, { ...definition, lua: definition.lua.replace("redis.call('TIME')", clock) });
  };
  return client;
}
