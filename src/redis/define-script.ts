import type { RedisClient } from './connect.ts';

/** A Lua script, called with its KEYS and ARGV. */
export type Script = (keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;

/** Registers a script under a name; ioredis sends its digest, and its text where Redis does not know it. */
export function defineScript(client: RedisClient, name: string, lua: string): Script {
  client.defineCommand(name, { lua });
  return (keys, values) => {
    const command: unknown = Reflect.get(client, name);
    if (typeof command !== 'function') throw new TypeError(`no command ${name}`);
    return Promise.resolve(Reflect.apply(command, client, [keys.length, ...keys, ...values]));
  };
}
