import { z } from 'zod';
import type { PolicyState } from '../gateway/admission.ts';
import { keyPrefix, type RedisClient } from '../redis/connect.ts';
import { decideScript, settleScript } from './script.ts';
import type { Decision, Store, StoreRequest } from './store.ts';

const answerSchema = z.tuple([z.enum(['granted', 'limited', 'busy']), z.coerce.number()], z.coerce.number());

const slotsKey = (provider: string): string => `${keyPrefix}:budget:${provider}`;

/** Counts in Redis, for all replicas: one script and one round trip for each decision. */
export function createRedisStore(client: RedisClient): Store {
  const decide = defineScript(client, 'decideAdmission', decideScript);
  const settle = defineScript(client, 'settleAdmission', settleScript);

  return {
    decide: async (request) => {
      const { policies, provider, budget, slot } = request;
      const keys = [
        ...policies.map(({ subject, perMs }) => `${keyPrefix}:window:${perMs}:${subject}`),
        slotsKey(provider),
      ];
      const limits = policies.flatMap(({ max, perMs }) => [max, perMs]);
      const answer = await decide(keys, [
        policies.length,
        ...limits,
        budget.max,
        budget.perMs,
        budget.callMsMax,
        slot,
      ]);
      return toDecision(answerSchema.parse(answer), request);
    },
    settle: async ({ provider, budget, slot, unsent }) => {
      await settle([slotsKey(provider)], [slot, budget.perMs, unsent ? 1 : 0]);
    },
  };
}

type Script = (keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown>;

/** Registers a script under a name; ioredis sends its digest, and its text where Redis does not know it. */
function defineScript(client: RedisClient, name: string, lua: string): Script {
  client.defineCommand(name, { lua });
  return (keys, values) => {
    const command: unknown = Reflect.get(client, name);
    if (typeof command !== 'function') throw new TypeError(`no command ${name}`);
    return Promise.resolve(Reflect.apply(command, client, [keys.length, ...keys, ...values]));
  };
}

function toDecision(
  [kind, retryAfterMs, ...numbers]: z.output<typeof answerSchema>,
  { policies }: StoreRequest,
): Decision {
  const states = policies.map(({ name, max, perMs }, index): PolicyState => {
    const [remaining = 0, resetMs = 0] = numbers.slice(2 * index, 2 * index + 2);
    return { name, max, perMs, remaining, resetMs };
  });
  if (kind === 'granted') return { kind, policies: states };
  if (kind === 'busy') return { kind, policies: states, retryAfterMs };
  const violated = states.flatMap(({ remaining }, index) => (remaining === 0 ? [index] : []));
  return { kind, policies: states, violated, retryAfterMs };
}
