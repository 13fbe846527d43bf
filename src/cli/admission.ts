import { createAdmit } from '../admission/admit.ts';
import { createFallback } from '../admission/fallback.ts';
import { createLimitUser } from '../admission/limit-user.ts';
import { createMemoryStore } from '../admission/memory.ts';
import { createRedisStore } from '../admission/redis.ts';
import { Waiters } from '../admission/waiters.ts';
import type { Config } from '../config/schema.ts';
import type { Admit, LimitUser } from '../gateway/admission.ts';
import type { Metrics } from '../operations/metrics.ts';
import type { Circuit } from '../redis/circuit.ts';
import type { RedisClient } from '../redis/connect.ts';
import { budgetRules } from './providers.ts';

export interface AdmissionParts {
  readonly config: Config;
  readonly redis: RedisClient | undefined;
  readonly circuit: Circuit;
  readonly metrics: Metrics;
}

export interface ComposedAdmission {
  readonly admit: Admit;
  readonly limitUser: LimitUser;
  /** For when Redis is back, perhaps empty. */
  readonly tellShared: () => Promise<void>;
  /** Notes what the others do, and shows what is taken and who waits. To be called every second. */
  readonly look: () => Promise<void>;
}

/** Wires admission to where it counts: in this process alone, or in Redis with this process to fall back to. */
export function composeAdmission({ config, redis, circuit, metrics }: AdmissionParts): ComposedAdmission {
  const rules = budgetRules(config);
  const waiters = new Waiters();
  const memory = createMemoryStore();
  const fallback =
    redis &&
    createFallback({
      shared: createRedisStore(redis),
      local: memory,
      whenDown: config.redis?.whenDown ?? 'local',
      replicas: config.redis?.replicas ?? 1,
      rules,
      circuit,
      observeFailure: () => {
        metrics.storeFailures.inc();
      },
    });
  const counts = fallback ?? memory;
  return {
    admit: createAdmit({ counts, rules, waiters }),
    limitUser: createLimitUser({ counts, rules }),
    tellShared: async () => fallback?.tellShared(),
    look: async () => {
      // readiness and its log line tell of a Redis that is out of reach
      await fallback?.mirror().catch(() => undefined);
      for (const provider of rules.keys()) {
        metrics.waiting.set({ provider }, waiters.count(provider));
        metrics.budgetTaken.set({ provider }, (await memory.live(provider)).length);
      }
    },
  };
}
