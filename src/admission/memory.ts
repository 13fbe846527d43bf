import type { Policy, PolicyState } from '../gateway/admission.ts';
import type { Decision, Store, StoreRequest } from './store.ts';
import { TrailingWindow } from './window.ts';

const sweepEvery = 1000;

interface Counted {
  readonly policy: Policy;
  readonly window: TrailingWindow;
}

/**
 * Counts in this process. The same algorithm as the Redis script, step for step.
 *
 * @param now milliseconds on any clock that does not go back
 */
export function createMemoryStore(
  now: () => number = () => performance.timeOrigin + performance.now(),
): Store {
  const windows = new Map<string, TrailingWindow>();
  /** For each provider the moment each slot is freed. */
  const slots = new Map<string, Map<string, number>>();
  let decisions = 0;

  function windowOf({ subject, perMs }: Policy): TrailingWindow {
    const key = `${perMs}:${subject}`;
    const known = windows.get(key);
    if (known) return known;
    const created = new TrailingWindow(perMs);
    windows.set(key, created);
    return created;
  }

  function slotsOf(provider: string, nowMs: number): Map<string, number> {
    const taken = slots.get(provider) ?? new Map<string, number>();
    slots.set(provider, taken);
    for (const [slot, freedAtMs] of taken) if (freedAtMs <= nowMs) taken.delete(slot);
    return taken;
  }

  function sweep(nowMs: number): void {
    decisions += 1;
    if (decisions % sweepEvery !== 0) return;
    for (const [key, window] of windows) if (window.total(nowMs) === 0) windows.delete(key);
  }

  function decide({ policies, provider, budget, slot }: StoreRequest): Decision {
    const nowMs = now();
    sweep(nowMs);
    const counted = policies.map((policy): Counted => ({ policy, window: windowOf(policy) }));
    const violated = counted.flatMap(({ policy, window }, index) =>
      window.total(nowMs) >= policy.max ? [index] : [],
    );
    if (violated.length > 0) {
      const states = statesOf(counted, nowMs);
      const retryAfterMs = Math.max(...violated.map((index) => states[index]?.resetMs ?? 0));
      return { kind: 'limited', policies: states, violated, retryAfterMs };
    }
    const taken = slotsOf(provider, nowMs);
    if (taken.size >= budget.max) {
      const retryAfterMs = Math.min(...taken.values()) - nowMs;
      return { kind: 'busy', policies: statesOf(counted, nowMs), retryAfterMs };
    }
    for (const { window } of counted) window.add(nowMs);
    taken.set(slot, nowMs + budget.callMsMax + budget.perMs);
    return { kind: 'granted', policies: statesOf(counted, nowMs) };
  }

  return {
    decide: (request) => Promise.resolve(decide(request)),
    settle: ({ provider, budget, slot, unsent }) => {
      const nowMs = now();
      const taken = slotsOf(provider, nowMs);
      if (unsent) taken.delete(slot);
      else taken.set(slot, nowMs + budget.perMs);
      return Promise.resolve();
    },
  };
}

function statesOf(counted: readonly Counted[], nowMs: number): readonly PolicyState[] {
  return counted.map(({ policy: { name, max, perMs }, window }) => {
    const left = max - window.total(nowMs);
    // a limit that was lowered leaves its window over-full: more than one request has to go
    return {
      name,
      max,
      perMs,
      remaining: Math.max(0, left),
      resetMs: window.freesMs(nowMs, Math.max(1, 1 - left)),
    };
  });
}
