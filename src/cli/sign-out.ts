import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { errorName } from '../gateway/error-name.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Provider } from '../providers/provider.ts';
import type { Circuit } from '../redis/circuit.ts';
import type { RedisClient } from '../redis/connect.ts';
import { createEndSessions, type EndSessions } from '../sign-out/end-sessions.ts';
import { createMemorySignOutStore } from '../sign-out/memory.ts';
import { createRedisSignOutStore } from '../sign-out/redis.ts';
import { createSignOuts, type SignOutsHere } from '../sign-out/sign-outs.ts';

export interface SignOutParts {
  readonly config: Config;
  readonly redis: RedisClient | undefined;
  readonly circuit: Circuit;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly log: Logger;
}

/** Wires what is remembered of sign-outs to the providers at which sessions are ended. */
export function composeSignOut({ config, redis, circuit, providers, log }: SignOutParts): {
  readonly signOuts: SignOutsHere;
  readonly endSessions: EndSessions;
} {
  const memory = createMemorySignOutStore();
  const store = redis ? createRedisSignOutStore(redis) : memory;
  const endSessions = createEndSessions({
    store,
    end: async ({ provider, id }) => {
      // a provider that is not configured any more has nobody to ask
      await providers.get(provider)?.end?.(id);
    },
    observe: (provider, failure) => {
      if (failure)
        log.warn({ provider, reason: reasonOf(failure.error) }, 'sessions cannot be ended at a provider yet');
      else log.info({ provider }, 'sessions are ended at a provider again');
    },
  });
  const signOuts = createSignOuts({
    shared: store,
    local: redis && memory,
    whenDown: config.redis?.whenDown ?? 'local',
    circuit,
    onDue: endSessions.look,
  });
  return { signOuts, endSessions };
}

function reasonOf(error: unknown): string | undefined {
  if (error instanceof Refusal) return error.parts.reason;
  return errorName(error);
}
