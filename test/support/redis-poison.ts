import type { RedisClient } from '../../src/redis/connect.ts';

/** One thing that somebody else may have written where our keys are. */
export interface Poison {
  readonly name: string;
  readonly write: (client: RedisClient, key: string) => Promise<unknown>;
}

/** What no clock, count or wait of ours ever is. */
export const nonsense = [
  '',
  'abc',
  'nan',
  '-nan',
  'inf',
  '-inf',
  '1e300',
  '-1e300',
  '-5',
  '1.5',
  '007',
  '9e15',
];

const numbers = ['+inf', '-inf', '1e300', '-1e300', '9e15', '-5'];

const ofEachType: readonly Poison[] = [
  { name: 'a string', write: (client, key) => client.set(key, 'abc') },
  { name: 'a long list', write: (client, key) => client.rpush(key, ...many(5000)) },
  { name: 'a set', write: (client, key) => client.sadd(key, ...many(100)) },
  { name: 'a stream', write: (client, key) => client.xadd(key, '*', 'a', 'b') },
  {
    name: 'a long hash',
    write: (client, key) => client.hset(key, ...many(5000).flatMap((field) => [field, '1'])),
  },
  {
    name: 'a long sorted set of moments that never come',
    write: (client, key) => client.zadd(key, ...many(5000).flatMap((member) => ['9e15', member])),
  },
];

/** Replaces the key by one of each type, with nothing of ours in it. */
const types = ofEachType.map(({ name, write }) => ({
  name,
  write: async (client: RedisClient, key: string) => {
    await client.del(key);
    await write(client, key);
  },
}));

/** Puts nonsense where the key has numbers: each score, each field, or the whole of a string. */
const values: readonly Poison[] = [
  ...numbers.flatMap((score) =>
    [[], ['stranger']].map((strangers) => ({
      name: `scores of ${score}${strangers.length > 0 ? ', and a stranger' : ''}`,
      write: async (client: RedisClient, key: string) => {
        if ((await client.type(key)) !== 'zset') return;
        const members = [...(await client.zrange(key, '0', '-1')), ...strangers];
        await client.zadd(key, ...members.flatMap((member) => [score, member]));
      },
    })),
  ),
  ...[...nonsense, '|||||||', '9|9|9'].map((value) => ({
    name: `values of '${value}'`,
    write: async (client: RedisClient, key: string) => {
      const type = await client.type(key);
      if (type === 'string') await client.set(key, value);
      if (type !== 'hash') return;
      for (const field of await client.hkeys(key)) await client.hset(key, field, value);
    },
  })),
  {
    name: 'fields of the far future and past, and of none',
    write: async (client, key) => {
      if ((await client.type(key)) !== 'hash') return;
      for (const field of ['9e15', '9000000000000000', '-5', '', 'nan', 'inf', '1.5', 'abc'])
        await client.hset(key, field, '1');
    },
  },
];

export const poisons: readonly Poison[] = [...types, ...values];

function many(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${index}`);
}
