import type { Policy, PolicyState } from '../gateway/admission.ts';
import { FairQueue, type Place } from './queue.ts';
import { Slots } from './slots.ts';
import {
  leaseMs,
  returnMs,
  type Decision,
  type LocalStore,
  type ProviderBudget,
  type StoreRequest,
  type Waiting,
} from './store.ts';
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
): LocalStore {
  const windows = new Map<string, TrailingWindow>();
  const lines = new Map<string, { readonly slots: Slots; readonly queue: FairQueue }>();
  let decisions = 0;

  function windowOf({ subject, perMs }: Policy): TrailingWindow {
    const key = `${perMs}:${subject}`;
    const known = windows.get(key) ?? new TrailingWindow(perMs);
    windows.set(key, known);
    return known;
  }

  function lineOf({ provider }: Pick<ProviderBudget, 'provider'>): { slots: Slots; queue: FairQueue } {
    const line = lines.get(provider) ?? { slots: new Slots(), queue: new FairQueue() };
    lines.set(provider, line);
    return line;
  }

  function sweep(nowMs: number): void {
    decisions += 1;
    if (decisions % sweepEvery !== 0) return;
    for (const [key, window] of windows) if (window.total(nowMs) === 0) windows.delete(key);
  }

  function decide(request: StoreRequest): Decision {
    const { budget, slot, waiting } = request;
    const nowMs = now();
    sweep(nowMs);
    const { slots, queue } = lineOf(request);
    const counted = request.policies.map((policy): Counted => ({ policy, window: windowOf(policy) }));
    queue.leaveAbandoned(nowMs);
    const shown = waiting && queue.find(waiting.ticket, waiting.owner);
    const known = shown?.embed === waiting?.embed ? shown : undefined;
    if (known) queue.comeBack(known);

    const limited = limitedBy(counted, nowMs);
    if (limited) {
      if (known) queue.leave([known]);
      return limited;
    }

    const free = slots.free(budget, nowMs);
    const grant = (): Decision => {
      for (const { window } of counted) window.add(nowMs);
      slots.take(slot, budget, nowMs);
      return { kind: 'granted', policies: statesOf(counted, nowMs) };
    };
    const waitAt = (
      rank: number,
    ): { retryAfterMs: number; position: number; policies: readonly PolicyState[] } => ({
      retryAfterMs: Math.ceil(slots.servedAtMs(rank, budget, nowMs) - nowMs),
      position: rank + 1,
      policies: statesOf(counted, nowMs),
    });

    if (!known && queue.length < free && (queue.length === 0 || !waiting)) return grant();
    if (!waiting || (!known && !makeRoom(queue, waiting))) return { kind: 'busy', ...waitAt(queue.length) };

    const place = known ?? queue.join(waiting);
    if (queue.isServed(place, free, nowMs)) {
      queue.serve(place);
      return grant();
    }
    return keep(place, waiting, waitAt(queue.rankOf(place)), nowMs);
  }

  return {
    decide: (request) => Promise.resolve(decide(request)),
    settle: ({ provider, budget, slot, unsent }) => {
      lineOf({ provider }).slots.settle(slot, unsent, budget, now());
      return Promise.resolve();
    },
    leave: ({ provider, ticket, owner }) => {
      const { queue } = lineOf({ provider });
      const place = queue.find(ticket, owner);
      if (place) queue.leave([place]);
      return Promise.resolve();
    },
    heed: ({ provider, budget, remaining, forMs }) => {
      lineOf({ provider }).slots.heed(remaining, forMs, budget, now());
      return Promise.resolve();
    },
    restore: ({ provider, slots }) => {
      lineOf({ provider }).slots.noteShared(slots, now());
      return Promise.resolve();
    },
    live: (provider) => Promise.resolve(lineOf({ provider }).slots.live(now())),
    untold: (provider) => lineOf({ provider }).slots.untold(now()),
    noteShared: ({ provider, slots }) => {
      lineOf({ provider }).slots.noteShared(slots, now());
    },
    mirror: ({ provider, slots }) => {
      lineOf({ provider }).slots.mirror(slots, now());
    },
  };
}

function limitedBy(counted: readonly Counted[], nowMs: number): Decision | undefined {
  const violated = counted.flatMap(({ policy, window }, index) =>
    window.total(nowMs) >= policy.max ? [index] : [],
  );
  if (violated.length === 0) return undefined;
  const policies = statesOf(counted, nowMs);
  const retryAfterMs = Math.max(...violated.map((index) => policies[index]?.resetMs ?? 0));
  return { kind: 'limited', policies, violated, retryAfterMs };
}

/** An owner has so many places and no more. When the queue is full, the place that would then be last gives way. */
function makeRoom(queue: FairQueue, waiting: Waiting): boolean {
  if (queue.countOf(waiting.owner) >= waiting.placesMax) return false;
  if (queue.length < waiting.lengthMax) return true;
  const last = queue.lastBehind(waiting);
  if (!last) return false;
  queue.leave([last]);
  return true;
}

/** Keeps the place: shortly while its caller waits, else until the caller was told to be back. */
function keep(
  place: Place,
  { patienceMs }: Waiting,
  placed: {
    readonly retryAfterMs: number;
    readonly position: number;
    readonly policies: readonly PolicyState[];
  },
  nowMs: number,
): Decision {
  const kind = placed.retryAfterMs > patienceMs ? 'busy' : 'queued';
  place.leaseUntilMs = nowMs + (kind === 'queued' ? leaseMs : placed.retryAfterMs + returnMs);
  if (kind === 'busy') place.backAtMs = nowMs + placed.retryAfterMs;
  return { kind, ticket: place.ticket, ...placed };
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
