import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Keys } from '../../src/session/keys.ts';
import { createIssuers, createVerifySession } from '../../src/session/verify.ts';
import { startKeyServer, type KeyServer } from '../support/key-server.ts';
import { bearer, entry, outcome, readSessions } from './support.ts';

const jwksPath = '/.well-known/jwks.json';
const minute = 60_000;
const hour = 60 * minute;

let server: KeyServer;

/** The clocks stand still until {@link pass}; timers run. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  server = await startKeyServer();
});

afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

function pass(ms: number): void {
  vi.advanceTimersByTime(ms);
}

interface Gate {
  readonly keys: Keys;
  /** What becomes of a token that the current key signed, under its own kid or another. */
  readonly ask: (kid?: string) => Promise<string>;
  readonly judge: (token: string) => Promise<string>;
  /** Requests to the key set so far. */
  readonly fetches: () => number;
}

function open(keys: object = { jwks: server.jwksUrl }): Gate {
  const configs = readSessions([entry({ issuer: server.issuer, keys, algorithms: ['RS256'] })]);
  const issuers = createIssuers(configs, () => undefined);
  const [found] = issuers;
  if (!found) throw new Error('no issuer');
  const verify = createVerifySession(issuers, []);
  const judge = (token: string): Promise<string> => outcome(verify(bearer(token)));
  return {
    keys: found.keys,
    judge,
    ask: async (kid) => judge(await token(kid)),
    fetches: () => server.requests.get(jwksPath) ?? 0,
  };
}

function token(kid?: string): Promise<string> {
  return server.sign(
    { sub: 'ada', org: 'acme' },
    { audience: 'analytics', ...(kid !== undefined && { kid }) },
  );
}

test('keys are ready before the first session once they were fetched, and not before', async () => {
  const { keys, ask, fetches } = open();
  expect(keys.isReady()).toBe(false);
  await keys.refreshWhenDue();
  expect(keys.isReady()).toBe(true);
  expect(await ask()).toBe('believed');
  expect(fetches()).toBe(1);
});

test('a first fetch that fails says so, and the next one makes the keys ready', async () => {
  const { keys } = open();
  server.behave('status 500');
  await keys.refreshWhenDue();
  expect(keys.isReady()).toBe(false);
  expect(keys.failure()).toBe('status 500');
  server.behave('normal');
  pass(1000);
  await keys.refreshWhenDue();
  expect(keys.isReady()).toBe(true);
  expect(keys.failure()).toBeUndefined();
});

test('keys are fetched again every five minutes, no sooner, without any session', async () => {
  const { keys, fetches } = open();
  await keys.refreshWhenDue();
  for (const expected of [2, 3, 4]) {
    pass(5 * minute - 1);
    await keys.refreshWhenDue();
    expect(fetches()).toBe(expected - 1);
    pass(1);
    await Promise.all([keys.refreshWhenDue(), keys.refreshWhenDue()]);
    expect(fetches()).toBe(expected);
  }
});

test('a key that the issuer withdrew is refused from the next refresh on', async () => {
  const { keys, judge, ask } = open();
  const old = await server.sign({ sub: 'ada', org: 'acme' }, { audience: 'analytics', expiresIn: 3600 });
  expect(await judge(old)).toBe('believed');
  await server.rotate();
  pass(5 * minute);
  await keys.refreshWhenDue();
  expect(await judge(old)).toBe('session_invalid');
  expect(await ask()).toBe('believed');
});

test('an answer without a key that may be used withdraws all, and is no key set to be ready with', async () => {
  const { keys, ask } = open();
  expect(await ask()).toBe('believed');
  server.publish([]);
  pass(5 * minute);
  await keys.refreshWhenDue();
  expect(keys.isReady()).toBe(false);
  expect(keys.failure()).toBe('the answer has no key that may be used');
  expect(await ask()).toBe('session_unverifiable');
});

test('a discovery document that names another key set is followed at the next refresh', async () => {
  const { keys, ask, judge } = open({ discovery: true });
  expect(await ask()).toBe('believed');
  const moved = await startKeyServer();
  server.discover({ jwks_uri: moved.jwksUrl });
  pass(5 * minute);
  await keys.refreshWhenDue();
  expect(moved.requests.get(jwksPath)).toBe(1);
  const options = { audience: 'analytics', issuer: server.issuer };
  expect(await judge(await moved.sign({ sub: 'ada', org: 'acme' }, options))).toBe('believed');
  expect(await ask()).toBe('session_invalid');
  await moved.stop();
});

test.each<[string, number, object]>([
  ['24 hours', 24 * hour, {}],
  ['keys.maxStale', hour, { maxStale: '1h' }],
])(
  'known keys are used for %s while their server fails, and not a moment longer',
  async (_, staleMs, more) => {
    const { keys, ask } = open({ jwks: server.jwksUrl, ...more });
    expect(await ask()).toBe('believed');
    server.behave('status 500');
    for (let part = 0; part < 10; part += 1) {
      pass(staleMs / 10);
      await keys.refreshWhenDue();
      expect(keys.failure()).toBe('status 500');
      expect(await ask()).toBe('believed');
    }
    expect(keys.isReady()).toBe(true);
    pass(1);
    expect(keys.isReady()).toBe(false);
    expect(await ask()).toBe('session_unverifiable');
    expect(keys.failure()).toBe('keys older than keys.maxStale; status 500');
    server.behave('normal');
    pass(5 * minute);
    expect(await ask()).toBe('believed');
    expect(keys.failure()).toBeUndefined();
  },
);

test('a refresh that fails is tried again after 10 s, then after twice as long each time, up to 5 min', async () => {
  const { keys, fetches } = open();
  await keys.refreshWhenDue();
  server.behave('status 500');
  pass(5 * minute);
  await keys.refreshWhenDue();
  expect(fetches()).toBe(2);
  for (const [index, seconds] of [10, 20, 40, 80, 160, 300, 300].entries()) {
    pass(seconds * 1000 - 1);
    await keys.refreshWhenDue();
    expect(fetches()).toBe(index + 2);
    pass(1);
    await keys.refreshWhenDue();
    expect(fetches()).toBe(index + 3);
  }
  server.behave('normal');
  pass(5 * minute);
  await keys.refreshWhenDue();
  server.behave('status 500');
  pass(5 * minute);
  await keys.refreshWhenDue();
  const before = fetches();
  pass(10_000);
  await keys.refreshWhenDue();
  expect(fetches()).toBe(before + 1);
});

test('the first unknown kid fetches at once, later ones at most once in 30 s', async () => {
  const { ask, fetches } = open();
  expect(await ask()).toBe('believed');
  await server.rotate();
  expect(await ask()).toBe('believed');
  expect(fetches()).toBe(2);
  for (const kid of ['x', 'y', 'z']) expect(await ask(kid)).toBe('session_invalid');
  pass(29_999);
  expect(await ask('x')).toBe('session_invalid');
  expect(fetches()).toBe(2);
  pass(1);
  for (const kid of ['x', 'y', 'z']) expect(await ask(kid)).toBe('session_invalid');
  expect(fetches()).toBe(3);
  expect(await ask()).toBe('believed');
});

test('an unknown kid that comes with the very first session does not fetch twice', async () => {
  const { ask, fetches } = open();
  expect(await ask('x')).toBe('session_invalid');
  expect(fetches()).toBe(1);
});

test('unknown kids do not drive the fetching while the key server fails, and known ones go on', async () => {
  const { ask, fetches } = open();
  expect(await ask()).toBe('believed');
  server.behave('status 500');
  for (const kid of ['x', 'y', 'z']) expect(await ask(kid)).toBe('session_unverifiable');
  expect(fetches()).toBe(2);
  expect(await ask()).toBe('believed');
  pass(29_999);
  expect(await ask('x')).toBe('session_unverifiable');
  expect(fetches()).toBe(2);
  pass(1);
  expect(await ask('x')).toBe('session_unverifiable');
  expect(fetches()).toBe(3);
  expect(await ask()).toBe('believed');
});

test('many sessions of a new key at once share one fetch, and none of them is refused', async () => {
  const { ask, fetches } = open();
  expect(await ask()).toBe('believed');
  await server.rotate();
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => ask()));
  expect(new Set(outcomes)).toEqual(new Set(['believed']));
  expect(fetches()).toBe(2);
});

test('a new key is found although a fetch was under way that was asked before it was published', async () => {
  const { keys, ask } = open();
  expect(await ask()).toBe('believed');
  pass(5 * minute);
  const held = server.holdAnswer();
  const early = keys.refreshWhenDue();
  await held.asked;
  await server.rotate();
  const outcomes = Promise.all([ask(), ask()]);
  held.answer();
  await early;
  expect(await outcomes).toEqual(['believed', 'believed']);
});

test('keys rotate again and again under load without a refused session', async () => {
  const { ask, fetches } = open({ discovery: true });
  const outcomes = new Map<string, number>();
  let isOver = false;
  const reader = async (): Promise<void> => {
    while (!isOver) {
      const found = await ask();
      outcomes.set(found, (outcomes.get(found) ?? 0) + 1);
    }
  };
  const readers = Array.from({ length: 8 }, reader);
  for (let generation = 0; generation < 6; generation += 1) {
    const enough = (outcomes.get('believed') ?? 0) + 40;
    await expect.poll(() => outcomes.get('believed') ?? 0, { timeout: 15_000 }).toBeGreaterThan(enough);
    pass(30_000);
    await server.rotate({ keepOld: true });
  }
  isOver = true;
  await Promise.all(readers);
  expect(await ask()).toBe('believed');
  expect([...outcomes.keys()]).toEqual(['believed']);
  expect(fetches()).toBe(7);
});
