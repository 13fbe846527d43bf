import { z } from 'zod';
import type { PolicyState } from '../gateway/admission.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { defineScript } from '../redis/define-script.ts';
import { queueLengthMax, resetMsMax, waitMsMax, within } from './bounds.ts';
import {
  heedArguments,
  heedScript,
  liveScript,
  restoreArguments,
  restoreScript,
  settleArguments,
  settleScript,
} from './lua/budget.ts';
import { decideArguments, decideScript } from './lua/decide.ts';
import { providerKeys } from './lua/keys.ts';
import { leaveArguments, leaveScript } from './lua/queue.ts';
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
      const answer = await decide([...windows, ...providerKeys(request.provider)], valuesOf(request));
      return toDecision(answerSchema.parse(answer), request);
    },
    settle: async ({ provider, budget: { perMs: per, callMsMax: callMax }, slot, unsent }) => {
      const values = settleArguments.inOrder({ slot, per, callMax, unsent: unsent ? 1 : 0 });
      await settle(providerKeys(provider), values);
    },
    leave: async ({ provider, ticket, owner }) => {
      await leave(providerKeys(provider), leaveArguments.inOrder({ ticket, owner }));
    },
    heed: async ({ provider, budget, remaining, forMs }) => {
      const { max, perMs: per, callMsMax: callMax } = budget;
      const values = heedArguments.inOrder({ max, per, callMax, remaining, lasts: Math.ceil(forMs) });
      await heed(providerKeys(provider), values);
    },
    live: async (provider) => toSlots(liveSchema.parse(await live(providerKeys(provider), []))),
    restore: async ({ provider, budget: { perMs: per, callMsMax: callMax }, slots }) => {
      if (slots.length === 0) return;
      const pairs = slots.flatMap(({ slot, freedInMs }) => [slot, freedInMs]);
      await restore(providerKeys(provider), [...restoreArguments.inOrder({ per, callMax }), ...pairs]);
    },
  };
}

function valuesOf({ policies, budget, slot, waiting }: StoreRequest): readonly (string | number)[] {
  const { max, perMs, callMsMax } = budget;
  const values = decideArguments.inOrder({
    ...{ max, per: perMs, callMax: callMsMax, slot },
    shown: waiting?.ticket ?? '',
    fresh: waiting?.freshTicket ?? '',
    owner: waiting?.owner ?? '',
    embed: waiting?.embed ?? '',
    tenant: waiting?.tenant ?? '',
    weight: waiting?.weight ?? 1,
    patience: waiting?.patienceMs ?? 0,
    ...{ waiting: leaseMs, returning: returnMs, around: aroundMs },
    longest: waiting?.lengthMax ?? -1,
    most: waiting?.placesMax ?? 0,
  });
  return [...values, ...policies.flatMap((policy) => [policy.max, policy.perMs])];
}

function toSlots(pairs: readonly string[]): readonly LiveSlot[] {
  return pairs.flatMap((slot, index) =>
    index % 2 === 0 ? [{ slot, freedInMs: Number(pairs[index + 1]) }] : [],
  );
}

function toDecision(
  [kind, waitMs, rank, ticket, ...numbers]: z.output<typeof answerSchema>,
  request: StoreRequest,
): Decision {
  const policies = request.policies.map(({ name, max, perMs }, index): PolicyState => {
    const [remaining = 0, resetMs = 0] = numbers.slice(2 * index, 2 * index + 2);
    return {
      ...{ name, max, perMs },
      remaining: within(remaining, 0, max),
      resetMs: within(resetMs, 0, resetMsMax({ perMs })),
    };
  });
  const lengthMax = request.waiting?.lengthMax ?? queueLengthMax;
  const longestMs =
    kind === 'limited' ? Math.max(...policies.map(resetMsMax)) : waitMsMax(request.budget, lengthMax);
  const retryAfterMs = within(waitMs, 0, longestMs);
  const position = within(rank, 1, queueLengthMax + 1);
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
