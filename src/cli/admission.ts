import { createAdmit } from '../admission/admit.ts';
import { createFallback } from '../admission/fallback.ts';
import { createMemoryStore } from '../admission/memory.ts';
import { createRedisStore } from '../admission/redis.ts';
import type { Config } from '../config/schema.ts';
import type { Admit } from '../gateway/admission.ts';
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

/** Wires admission to where it counts: in this process alone, or in Redis with this process to fall back to. */
export function composeAdmission({ config, redis, circuit, metrics }: AdmissionParts): {
  readonly admit: Admit;
  readonly tellShared: () => Promise<void>;
  readonly mirror: () => Promise<void>;
} {
  const rules = budgetRules(config);
  const memory = createMemoryStore();
  if (!redis) {
    const nobody = (): Promise<void> => Promise.resolve();
    return { admit: createAdmit({ counts: memory, rules }), tellShared: nobody, mirror: nobody };
  }
  const fallback = createFallback({
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
  const { tellShared, mirror } = fallback;
  return { admit: createAdmit({ counts: fallback, rules }), tellShared, mirror };
}
