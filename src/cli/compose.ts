import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createAdmission, type BudgetRules } from '../admission/admit.ts';
import { createMemoryStore } from '../admission/memory.ts';
import { createRedisStore } from '../admission/redis.ts';
import { createCombinations } from '../combinations/combinations.ts';
import type { Config, ProviderConfig } from '../config/schema.ts';
import { createIssue } from '../gateway/issue.ts';
import { createList } from '../gateway/list.ts';
import { createApp } from '../http/app.ts';
import { createOperationsApp } from '../operations/app.ts';
import { createReport } from '../operations/audit.ts';
import { createReadiness } from '../operations/health.ts';
import { createMetrics, type Metrics } from '../operations/metrics.ts';
import { createHexProvider } from '../providers/hex.ts';
import { bindEmbed, type Provider } from '../providers/provider.ts';
import { createSend } from '../providers/send.ts';
import { connectRedis, waitUntilReady, type RedisClient } from '../redis/connect.ts';
import { createIssuers, createVerifySession, type Issuer } from '../session/verify.ts';
import { issuerDependency, providerDependency, redisDependency } from './dependencies.ts';

/** A wired gateway, listening or not yet. */
export interface Gateway {
  /** Binds both listeners. @returns the addresses, with the ports that were taken */
  listen(): Promise<{ readonly publicUrl: string; readonly operationsUrl: string }>;
  /** Takes no new connections, finishes what is in flight, then closes everything. */
  stop(): Promise<void>;
}

const redisWaitMs = 2000;

/** Wires a configuration into a gateway. All parts meet here and nowhere else. */
export async function compose(config: Config, log: Logger): Promise<Gateway> {
  const metrics = createMetrics();
  const report = createReport(log, metrics);
  const redis = config.redis && connectRedis(config.redis);
  redis?.on('error', () => undefined); // readiness and its log line tell
  const issuers = createIssuers(config.sessions);
  const providers = new Map(
    [...config.providers].map(([name, one]) => [name, createProvider(name, one, metrics)]),
  );
  const embeds = new Map(
    [...config.embeds].map(([name, embed]) => [
      name,
      bindEmbed(name, embed, find(providers, embed.provider)),
    ]),
  );
  const verifySession = createVerifySession(issuers, config.listen.allowedOrigins);
  const memory = createMemoryStore();
  let isStoreUp = redis === undefined;
  const admission = createAdmission({
    shared: redis ? createRedisStore(redis) : memory,
    local: redis && memory,
    whenDown: config.redis?.whenDown ?? 'local',
    replicas: config.redis?.replicas ?? 1,
    providers: new Map([...config.providers].map(([name, one]) => [name, budgetRulesOf(one)])),
    observeStore: (isUp) => {
      if (isStoreUp === isUp) return;
      isStoreUp = isUp;
      readiness();
    },
  });
  // sent before anything else that the connection carries once it stands
  redis?.on('ready', () => {
    admission.restore().catch(() => undefined); // the next connection tries again
  });
  const readiness = createReadiness(
    [
      ...redisDependency(config, () => isStoreUp && redis?.status === 'ready'),
      ...issuers.map(issuerDependency),
      ...[...providers].map(([name, provider]) => providerDependency(name, provider)),
    ],
    { log, metrics },
  );

  let isStopping = false;
  const app = await createApp({
    listen: config.listen,
    client: config.limits.client,
    answerMsMax: Math.max(
      ...[...config.providers.values()].map(({ queue, timeout }) => queue.maxWait + timeout),
    ),
    issue: createIssue({
      verifySession,
      embeds,
      limits: config.limits,
      admit: admission.admit,
      combinations: createCombinations(redis),
      report,
    }),
    list: createList({ verifySession, embeds, report }),
    report,
    reportFault: (error, requestId) => {
      metrics.faults.inc();
      log.error({ err: error, requestId }, 'a fault');
    },
  });
  const operations = await createOperationsApp({ readiness, isStopping: () => isStopping, metrics });

  return {
    listen: async () => {
      if (redis) isStoreUp = await waitUntilReady(redis, redisWaitMs);
      warmUp(issuers, log);
      const operationsUrl = await operations.listen({
        host: config.operations.host,
        port: config.operations.port,
      });
      const publicUrl = await app.listen({ host: config.listen.host, port: config.listen.port });
      readiness();
      return { publicUrl, operationsUrl };
    },
    stop: async () => {
      isStopping = true;
      await closeAll(app, operations, [...providers.values()], redis);
    },
  };
}

function createProvider(name: string, config: ProviderConfig, metrics: Metrics): Provider {
  const send = createSend({
    origin: config.baseUrl.origin,
    timeoutMs: config.timeout,
    observe: (outcome, durationMs) => {
      metrics.providerCalls.inc({ provider: name, outcome });
      metrics.providerSeconds.observe({ provider: name }, durationMs / 1000);
    },
  });
  return createHexProvider(config, send);
}

function budgetRulesOf({ budget, queue, timeout }: ProviderConfig): BudgetRules {
  return {
    budget: { max: budget.max, perMs: budget.per, callMsMax: timeout },
    queue: { maxWaitMs: queue.maxWait, maxLength: queue.maxLength },
  };
}

function find(providers: ReadonlyMap<string, Provider>, name: string): Provider {
  const provider = providers.get(name);
  if (!provider) throw new TypeError(`no provider ${name}`); // the loader has checked it
  return provider;
}

function warmUp(issuers: readonly Issuer[], log: Logger): void {
  for (const { config, keys } of issuers) {
    keys.warmUp().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn({ issuer: config.issuer, reason }, 'the keys of an issuer cannot be fetched yet');
    });
  }
}

async function closeAll(
  app: FastifyInstance,
  operations: FastifyInstance,
  providers: readonly Provider[],
  redis: RedisClient | undefined,
): Promise<void> {
  await app.close();
  await operations.close();
  await Promise.all(providers.map((provider) => provider.close()));
  redis?.disconnect();
}
