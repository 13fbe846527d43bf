import { z } from 'zod';
import type { PolicyState } from '../gateway/admission.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { decideScript, heedScript, leaveScript, liveScript, restoreScript, settleScript } from './script.ts';
import {
  aroundMs,
  leaseMs,
  returnMs,
  type Decision,
  type LiveSlot,
  type Store,
  type StoreRequest,
} from './store.ts';

const answerSchema = z.tuple(
  [z.enum(['granted', 'limited', 'queued', 'busy']), z.coerce.number(), z.coerce.number(), z.string()],
  z.coerce.number(),
);

const liveSchema = z.array(z.string());

/** Counts in Redis, for all replicas: one script and one round trip for each decision. */
export function createRedisStore(client: RedisClient): Store {
  const decide = defineScript(client, 'decideAdmission', decideScript);
  const settle = defineScript(client, 'settleAdmission', settleScript);
  const leave = defineScript(client, 'leaveAdmission', leaveScript);
  const heed = defineScript(client, 'heedAdmission', heedScript);
  const live = defineScript(client, 'liveAdmission', liveScript);
  const restore = defineScript(client, 'restoreAdmission', restoreScript);

  return {
    decide: async (request) => {
      const windows = request.policies.map(({ subject, perMs }) => `${keyPrefix}:window:${perMs}:${subject}`);
      const answer = await decide([...windows, ...keysOf(request.provider)], valuesOf(request));
      return toDecision(answerSchema.parse(answer), request);
    },
    settle: async ({ provider, budget, slot, unsent }) => {
      await settle(keysOf(provider), [slot, budget.perMs, budget.callMsMax, unsent ? 1 : 0]);
    },
    leave: async ({ provider, ticket, owner }) => {
      await leave(keysOf(provider), [ticket, owner]);
    },
    heed: async ({ provider, budget, remaining, forMs }) => {
      await heed(keysOf(provider), [budget.max, remaining, Math.ceil(forMs)]);
    },
    live: async (provider) => toSlots(liveSchema.parse(await live(keysOf(provider), []))),
    restore: async ({ provider, slots }) => {
      if (slots.length === 0) return;
      await restore(
        keysOf(provider),
        slots.flatMap(({ slot, freedInMs }) => [slot, freedInMs]),
      );
    },
  };
}

function keysOf(provider: string): readonly string[] {
  const names = ['slots', 'queue', 'leases', 'places', 'clock', 'pace', 'heeded', 'absent'];
  return names.map((name) => `${keyPrefix}:${name}:${provider}`);
}

function valuesOf({ policies, budget, slot, waiting }: StoreRequest): readonly (string | number)[] {
  const { max, perMs, callMsMax } = budget;
  return [
    policies.length,
    ...policies.flatMap((policy) => [policy.max, policy.perMs]),
    ...[max, perMs, callMsMax, slot],
    ...[waiting?.ticket ?? '', waiting?.freshTicket ?? ''],
    ...[waiting?.owner ?? '', waiting?.tenant ?? '', waiting?.weight ?? 1],
    ...[waiting?.patienceMs ?? 0, leaseMs, returnMs, aroundMs],
    waiting?.lengthMax ?? -1,
  ];
}

function toSlots(pairs: readonly string[]): readonly LiveSlot[] {
  return pairs.flatMap((slot, index) =>
    index % 2 === 0 ? [{ slot, freedInMs: Number(pairs[index + 1]) }] : [],
  );
}

function toDecision(
  [kind, retryAfterMs, position, ticket, ...numbers]: z.output<typeof answerSchema>,
  request: StoreRequest,
): Decision {
  const policies = request.policies.map(({ name, max, perMs }, index): PolicyState => {
    const [remaining = 0, resetMs = 0] = numbers.slice(2 * index, 2 * index + 2);
    return { name, max, perMs, remaining, resetMs };
  });
  switch (kind) {
    case 'granted':
      return { kind, policies };
    case 'limited': {
      const violated = policies.flatMap(({ remaining }, index) => (remaining === 0 ? [index] : []));
      return { kind, policies, violated, retryAfterMs };
    }
    case 'queued':
      return { kind, policies, retryAfterMs, position, ticket };
    case 'busy':
      return { kind, policies, retryAfterMs, position, ...(ticket !== '' && { ticket }) };
  }
}
