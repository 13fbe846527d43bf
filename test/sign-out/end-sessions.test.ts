import { expect, onTestFinished, test } from 'vitest';
import { createEndSessions } from '../../src/sign-out/end-sessions.ts';
import { createMemorySignOutStore } from '../../src/sign-out/memory.ts';
import { retryMsMax } from '../../src/sign-out/store.ts';

const expiresAtMs = Date.now() + 7 * 86_400_000;

test('that a provider fails is told once, and once that it works again', async () => {
  let now = Date.now();
  const store = createMemorySignOutStore(() => now);
  const by = { digests: ['digest'], subject: 'subject' };
  for (const id of Array.from({ length: 25 }, (_, index) => `s_${index}`)) {
    await store.record({ provider: 'cube', id, expiresAtMs }, by);
  }
  await store.record({ provider: 'other', id: 's', expiresAtMs }, by);
  await store.signOut([{ digest: 'digest', expiresAtMs }], by.subject);

  let failure: Error | undefined = new Error('refused');
  let attempts = 0;
  const told: unknown[] = [];
  const endSessions = createEndSessions({
    store,
    end: ({ provider }) => {
      attempts += 1;
      return failure && provider === 'cube' ? Promise.reject(failure) : Promise.resolve();
    },
    observe: (provider, failed) => told.push([provider, failed?.error]),
  });
  onTestFinished(endSessions.stop);
  const round = async (attemptsMade: number): Promise<void> => {
    now += retryMsMax;
    await expect
      .poll(() => {
        endSessions.look();
        return attempts;
      })
      .toBe(attemptsMade);
  };
  await round(26);
  for (const more of [25, 50]) await round(26 + more);
  expect(told).toEqual([['cube', failure]]);
  failure = undefined;
  await round(101);
  expect(told).toEqual([
    ['cube', new Error('refused')],
    ['cube', undefined],
  ]);
});
