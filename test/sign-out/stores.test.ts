import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openMsMax, type OpenSession } from '../../src/gateway/sign-out.ts';
import { Secret } from '../../src/config/secret.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../../src/redis/connect.ts';
import { createMemorySignOutStore } from '../../src/sign-out/memory.ts';
import { createRedisSignOutStore } from '../../src/sign-out/redis.ts';
import {
  openMax,
  retryMs,
  retryMsMax,
  type SignOutMark,
  type SignOutStore,
} from '../../src/sign-out/store.ts';
import { unique } from '../admission/support.ts';
import { nonsense, poisons } from '../support/redis-poison.ts';
import { startRedis, type RunningRedis } from '../support/redis.ts';

const inAnHour = (): number => Date.now() + 3_600_000;

function opened(fields: Partial<OpenSession> = {}): OpenSession {
  return { provider: 'cube', id: unique('session|id'), expiresAtMs: inAnHour(), ...fields };
}

/** A token that says nothing of its session, and its user. */
function who(): { readonly digests: readonly [string]; readonly subject: string } {
  return { digests: [unique('digest')], subject: unique('subject') };
}

function marks(digests: readonly string[], expiresAtMs = inAnHour()): readonly SignOutMark[] {
  return digests.map((digest) => ({ digest, expiresAtMs }));
}

/** How long after each attempt the next one may be made. */
const waits = [1, 2, 4, 8, 16, 32, 64, 120, 120].map((times) => times * retryMs);

/** What every store holds. */
function suite(open: () => SignOutStore): void {
  test('a token is signed out until it expires, and no other is', async () => {
    const store = open();
    const [one, other, past] = [who(), who(), who()];
    await store.signOut(marks(one.digests), one.subject);
    await store.signOut(marks(one.digests), one.subject);
    await store.signOut(marks(past.digests, Date.now() - 1), past.subject);
    expect(await Promise.all([one, other, past].map(({ digests }) => store.has(digests)))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('one mark of a sign-out is enough, each lasts for its own time, and telling it again changes nothing', async () => {
    const store = open();
    const [token, jti, sid, past] = [unique('token'), unique('jti'), unique('sid'), unique('past')];
    const all = [...marks([token, jti, sid]), ...marks([past], Date.now() - 1)];
    for (const tell of [store.signOut.bind(store), store.remember.bind(store)]) {
      await tell(all, unique('subject'));
      for (const digest of [token, jti, sid]) {
        expect(await store.has([digest])).toBe(true);
        expect(await store.has([unique('digest'), digest, unique('digest')])).toBe(true);
      }
      expect(await store.has([past, unique('digest')])).toBe(false);
    }
  });

  test('what another token of a signed-out session opens is due at once', async () => {
    const store = open();
    const [sid, subject] = [unique('sid'), unique('subject')];
    await store.signOut(marks([unique('token'), sid]), subject);
    const late = opened();
    await store.record(late, { digests: [unique('token'), sid], subject });
    expect((await store.claim(10)).map(({ id }) => id)).toEqual([late.id]);
    await store.done(late);
  });

  test('what was opened for who signs out is due, once, and nobody else’s', async () => {
    const store = open();
    const [one, other] = [who(), who()];
    const [first, second, foreign] = [opened(), opened(), opened()];
    await store.record(first, one);
    await store.record(second, { ...one, digests: [unique('another token of the same user')] });
    await store.record(foreign, other);
    expect(await store.claim(10)).toEqual([]);
    await store.signOut(marks(one.digests), one.subject);
    const due = await store.claim(10);
    expect(due.map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
    expect(due[0]).toEqual([first, second].find(({ id }) => id === due[0]?.id));
    expect(await store.claim(10)).toEqual([]);
    for (const one of due) await store.done(one);
  });

  test('what is opened while its token is being signed out is due at once', async () => {
    const store = open();
    const one = who();
    await store.signOut(marks(one.digests), one.subject);
    const late = opened();
    await store.record(late, one);
    expect((await store.claim(10)).map(({ id }) => id)).toEqual([late.id]);
    await store.done(late);
  });

  test('what has expired is not due any more', async () => {
    const store = open();
    const one = who();
    await store.record(opened({ expiresAtMs: Date.now() + 30 }), one);
    await expect
      .poll(async () => {
        await store.signOut(marks(one.digests), one.subject);
        return (await store.claim(10)).length;
      })
      .toBe(0);
  });

  test('no more is remembered of one user than so many, the newest', async () => {
    const store = open();
    const one = who();
    const all = Array.from({ length: openMax + 5 }, (_, index) =>
      opened({ expiresAtMs: inAnHour() + index }),
    );
    for (const each of all) await store.record(each, one);
    await store.signOut(marks(one.digests), one.subject);
    const due = await store.claim(openMax + 5);
    expect(due.map(({ id }) => id).toSorted()).toEqual(
      all
        .slice(5)
        .map(({ id }) => id)
        .toSorted(),
    );
    for (const each of due) await store.done(each);
  });
}

describe('sign-outs remembered in this process', () => {
  suite(() => createMemorySignOutStore());

  test('no user’s many sign-outs make another’s be forgotten', async () => {
    const store = createMemorySignOutStore();
    await store.signOut(marks(['quiet']), 'quiet');
    for (let index = 0; index < 100_100; index += 1) {
      await store.signOut(marks([`loud ${index}`, `jti ${index}`, 'sid']), 'loud');
    }
    const asked = ['quiet', 'loud 100099', 'loud 100000', 'loud 99999', 'jti 100000', 'jti 99999', 'sid'];
    const known = await Promise.all(asked.map((digest) => store.has([digest])));
    expect(known).toEqual([true, true, true, false, true, false, true]);
  });

  test('what could not be ended is due again after a while, each time twice as long, until it is done', async () => {
    let now = Date.now();
    const store = createMemorySignOutStore(() => now);
    const one = who();
    const due = opened({ expiresAtMs: inAnHour() * 2 });
    await store.record(due, one);
    await store.signOut(marks(one.digests), one.subject);
    expect(await store.claim(10)).toHaveLength(1);
    for (const waitMs of waits) {
      now += waitMs - 1;
      expect(await store.claim(10)).toHaveLength(0);
      now += 1;
      expect(await store.claim(10)).toHaveLength(1);
    }
    await store.done(due);
    now += retryMsMax;
    expect(await store.claim(10)).toHaveLength(0);
  });
});

describe('sign-outs remembered in Redis', () => {
  let redis: RunningRedis;
  let client: RedisClient;

  beforeAll(async () => {
    redis = await startRedis();
    client = connectRedis({ url: new Secret(redis.url) });
    client.on('error', () => undefined);
    expect(await waitUntilReady(client, 5000)).toBe(true);
  });

  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });

  suite(() => createRedisSignOutStore(client));

  test('a token stays signed out however far Redis’s clock runs ahead of the gateway’s', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const store = createRedisSignOutStore(client);
    const [one, other] = [unique('digest'), unique('digest')];
    const expiresAtMs = Date.now() + 300_000;
    await store.signOut(marks([one], expiresAtMs), unique('subject'));
    await store.remember(marks([other], expiresAtMs));
    expect(await Promise.all([store.has([one]), store.has([other])])).toEqual([true, true]);
  });

  test('what another replica claimed and did not end is due again after a while, each time twice as long', async () => {
    const store = createRedisSignOutStore(client);
    const one = who();
    const due = opened();
    await store.record(due, one);
    await store.signOut(marks(one.digests), one.subject);
    const member = await onlyMember(client);
    for (const waitMs of waits) {
      expect(await store.claim(10)).toEqual([due]);
      expect(await store.claim(10)).toEqual([]);
      const again = Number(await client.zscore('{embed-gateway}:revoking', member));
      expect(again - Date.now()).toBeGreaterThan(waitMs - 3000);
      expect(again - Date.now()).toBeLessThanOrEqual(waitMs + 50);
      await client.zadd('{embed-gateway}:revoking', Date.now() - 1, member);
    }
    await store.done(due);
    expect(await client.exists('{embed-gateway}:revoking', '{embed-gateway}:revoking-attempts')).toBe(0);
  });

  const [dueKey, attemptsKey] = ['{embed-gateway}:revoking', '{embed-gateway}:revoking-attempts'] as const;
  const openKey = (subject: string): string => `{embed-gateway}:revocable:${subject}`;

  test.each(poisons)(
    '$name under its keys: signing out works, and what is opened afterwards is ended',
    async ({ write }) => {
      const store = createRedisSignOutStore(client);
      const one = who();
      await store.record(opened(), one);
      for (const key of [dueKey, attemptsKey, openKey(one.subject)]) await write(client, key);
      const late = opened();
      await store.record(late, one);
      for (const key of [dueKey, attemptsKey]) await write(client, key);
      await store.signOut(marks(one.digests), one.subject);
      expect(await store.has(one.digests)).toBe(true);
      await write(client, attemptsKey);
      const due = await store.claim(1000);
      expect(due.map(({ id }) => id)).toContain(late.id);
      for (const { provider, expiresAtMs } of due) {
        expect(provider).toBe('cube');
        expect(expiresAtMs).toBeLessThanOrEqual(Date.now() + openMsMax);
      }
      // not again at once, however often it was said to have been tried
      expect(await store.claim(1000)).toEqual([]);
      for (const session of due) await store.done(session);
      await client.del(dueKey, attemptsKey);
    },
  );

  test('members that are none of ours are dropped, and what is due is not put off for years', async () => {
    const store = createRedisSignOutStore(client);
    const one = who();
    const due = opened();
    await store.record(due, one);
    await store.signOut(marks(one.digests), one.subject);
    const member = await onlyMember(client);
    await client.zadd(
      dueKey,
      1,
      'abc',
      1,
      '|cube|id',
      1,
      '9000000000000000|cube|id',
      1,
      `${inAnHour()}|cube|`,
    );
    await client.zadd(dueKey, '9e15', member);
    expect(await store.claim(10)).toEqual([]);
    expect(await client.zrange(dueKey, '0', '-1')).toEqual([member]);
    const again = Number(await client.zscore(dueKey, member));
    expect(again - Date.now()).toBeLessThanOrEqual(retryMsMax + 50);
    for (const attempts of nonsense) {
      await client.hset(attemptsKey, member, attempts);
      await client.zadd(dueKey, 1, member);
      expect(await store.claim(10), attempts).toEqual([due]);
      expect(await store.claim(10), attempts).toEqual([]);
    }
    await store.done(due);
  });

  test('every key goes away by itself', async () => {
    const store = createRedisSignOutStore(client);
    const one = who();
    await store.record(opened(), one);
    await store.signOut(marks(one.digests), one.subject);
    await store.record(opened(), { ...one, digests: [unique('digest'), unique('sid')] });
    expect(await store.claim(10)).toHaveLength(1);
    const keys = await client.keys('*');
    expect(keys.length).toBeGreaterThan(3);
    for (const key of keys) expect(await client.pttl(key), key).toBeGreaterThan(0);
  });
});

async function onlyMember(client: RedisClient): Promise<string> {
  const [member = ''] = await client.zrange('{embed-gateway}:revoking', '0', '-1');
  return member;
}
