import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createCombinations } from '../combinations/combinations.ts';
import { expressionsIn } from '../config/expressions-in.ts';
import type { Config } from '../config/schema.ts';
import { createIssue } from '../gateway/issue.ts';
import { createList } from '../gateway/list.ts';
import { createSignOut, refuseSignedOut } from '../gateway/sign-out.ts';
import { createApp } from '../http/app.ts';
import { createOperationsApp } from '../operations/app.ts';
import { createReport } from '../operations/audit.ts';
import { createMetrics, observeConnections } from '../operations/metrics.ts';
import { reportCosts } from '../operations/report-costs.ts';
import { createTransportLog } from '../operations/transport-log.ts';
import type { Provider } from '../providers/provider.ts';
import { createCircuit } from '../redis/circuit.ts';
import { connectRedis, onServer, waitUntilReady, type RedisClient } from '../redis/connect.ts';
import { createSealedSessions } from '../session/sealed.ts';
import { createIssuers, createVerifySession } from '../session/verify.ts';
import { composeAdmission } from './admission.ts';
import { defaultConnectionsMax } from './connections-max.ts';
import { bindEmbeds, createProviders } from './providers.ts';
import { composeSignOut } from './sign-out.ts';
import { answerMsMax } from './times.ts';
import { createWatch } from './watch.ts';

/** A wired gateway, listening or not yet. */
export interface Gateway {
  /** Binds both listeners. @returns the addresses, with the ports that were taken */
  listen(): Promise<{ readonly publicUrl: string; readonly operationsUrl: string }>;
  /** Takes no new connections, finishes what is in flight, then closes everything. */
  stop(): Promise<void>;
}

const redisWaitMs = 2000;
const everySecondMs = 1000;
const keysToldMax = 10;

/** Wires a configuration into a gateway. All parts meet here and nowhere else. */
export async function compose(config: Config, log: Logger): Promise<Gateway> {
  const metrics = createMetrics();
  const report = createReport(log, metrics);
  reportCosts(expressionsIn(config), log);
  const redis = config.redis && connectRedis(config.redis);
  redis?.on('error', () => undefined); // readiness and its log line tell
  const issuers = createIssuers(config.sessions, (issuer, ignored) => {
    const reasons = ignored.slice(0, keysToldMax);
    log.warn({ issuer, ignored: ignored.length, reasons }, 'keys of an issuer are ignored');
  });
  const providers = createProviders(config, metrics);
  const embeds = bindEmbeds(config, providers);
  const circuit = createCircuit();
  const { signOuts, endSessions } = composeSignOut({ config, redis, circuit, providers, log });
  const verifyToken = createVerifySession(
    issuers,
    config.listen.allowedOrigins,
    createSealedSessions(config.sessions),
  );
  const verifySession = refuseSignedOut(verifyToken, signOuts);
  const admission = composeAdmission({ config, redis, circuit, metrics });
  const { limitUser } = admission;
  if (redis) {
    // sent before anything else that a new connection carries
    onServer(redis, () => {
      admission.tellShared().catch(() => undefined); // the next connection tries again
      signOuts.restore().catch(() => undefined);
    });
  }
  const watch = createWatch({ config, redis, issuers, providers }, { log, metrics });

  const keepingUp = setInterval(() => {
    void admission.look();
    signOuts.retell().catch(() => undefined);
  }, everySecondMs).unref();

  let isStopping = false;
  const reportFault = (error: unknown, requestId: string): void => {
    metrics.faults.inc();
    log.error({ err: error, requestId }, 'a fault');
  };
  const transportLog = createTransportLog(log, metrics);
  const app = await createApp({
    listen: config.listen,
    connectionsMax: config.listen.maxConnections ?? defaultConnectionsMax(),
    observeConnections: observeConnections(metrics, 'public'),
    client: config.limits.client,
    answerMsMax: answerMsMax(config),
    issue: createIssue({
      verifySession,
      embeds,
      limits: config.limits,
      admit: admission.admit,
      combinations: createCombinations(redis, circuit),
      signOuts,
      report,
    }),
    signOut: createSignOut({
      verifySession: verifyToken,
      limitUser,
      limits: config.limits,
      signOuts,
      report,
    }),
    list: createList({ verifySession, limitUser, embeds, limits: config.limits, report }),
    report,
    reportFault,
    reportProblem: transportLog('public'),
  });
  const operations = await createOperationsApp({
    operations: config.operations,
    observeConnections: observeConnections(metrics, 'operations'),
    reportFault,
    reportProblem: transportLog('operations'),
    readiness: watch.readiness,
    isStopping: () => isStopping,
    metrics,
  });

  return {
    listen: async () => {
      if (redis) await waitUntilReady(redis, redisWaitMs);
      watch.start();
      endSessions.start();
      const operationsUrl = await operations.listen({
        host: config.operations.host,
        port: config.operations.port,
      });
      const publicUrl = await app.listen({ host: config.listen.host, port: config.listen.port });
      return { publicUrl, operationsUrl };
    },
    stop: async () => {
      isStopping = true;
      watch.stop();
      endSessions.stop();
      clearInterval(keepingUp);
      await closeAll(app, operations, [...providers.values()], redis);
    },
  };
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
