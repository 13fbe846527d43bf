import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ObserveConnections } from '../http/connections.ts';

/** Buckets in seconds: the gateway's own work takes milliseconds, a provider's answer up to its deadline. */
const secondsBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export type Metrics = ReturnType<typeof createMetrics>;

/** What Prometheus reads. Labels take names from the configuration and codes, never a tenant or user. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    requests: new Counter({
      name: 'embed_gateway_requests_total',
      help: 'Requests by embed and outcome: minted, signed_out, caller_gone or the code of the refusal',
      labelNames: ['embed', 'code'] as const,
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'embed_gateway_request_duration_seconds',
      help: 'Time to the answer of a request that was minted',
      labelNames: ['embed'] as const,
      buckets: secondsBuckets,
      registers,
    }),
    providerCalls: new Counter({
      name: 'embed_gateway_provider_calls_total',
      help: 'Calls to a provider by its answer’s status, or why there was none',
      labelNames: ['provider', 'outcome'] as const,
      registers,
    }),
    providerSeconds: new Histogram({
      name: 'embed_gateway_provider_call_duration_seconds',
      help: 'Time of a call to a provider',
      labelNames: ['provider'] as const,
      buckets: secondsBuckets,
      registers,
    }),
    budgetTaken: new Gauge({
      name: 'embed_gateway_provider_budget_taken',
      help: 'Calls of a provider’s budget that are taken now, by all processes as far as this one knows',
      labelNames: ['provider'] as const,
      registers,
    }),
    waiting: new Gauge({
      name: 'embed_gateway_waiting_requests',
      help: 'Requests that this process keeps on the line for a provider’s budget',
      labelNames: ['provider'] as const,
      registers,
    }),
    storeFailures: new Counter({
      name: 'embed_gateway_admission_store_failures_total',
      help: 'Decisions that Redis did not give: made by this process alone, or refused',
      registers,
    }),
    faults: new Counter({
      name: 'embed_gateway_faults_total',
      help: 'Answers 500: what nobody expected',
      registers,
    }),
    transportRefusals: new Counter({
      name: 'embed_gateway_transport_refusals_total',
      help: 'Requests refused for their form or route: malformed, too late, too many, not found',
      labelNames: ['listener', 'code'] as const,
      registers,
    }),
    openConnections: new Gauge({
      name: 'embed_gateway_open_connections',
      help: 'Connections that are open now',
      labelNames: ['listener'] as const,
      registers,
    }),
    refusedConnections: new Counter({
      name: 'embed_gateway_refused_connections_total',
      help: 'Connections refused since too many were open',
      labelNames: ['listener'] as const,
      registers,
    }),
    dependencyUp: new Gauge({
      name: 'embed_gateway_dependency_up',
      help: '1 while the dependency serves, 0 while it does not',
      labelNames: ['dependency'] as const,
      registers,
    }),
  };
}

/** What a listener tells of its connections; both series are there from the start. */
export function observeConnections(
  { openConnections, refusedConnections }: Metrics,
  listener: 'public' | 'operations',
): ObserveConnections {
  openConnections.set({ listener }, 0);
  refusedConnections.inc({ listener }, 0);
  return {
    open: (count) => {
      openConnections.set({ listener }, count);
    },
    refused: () => {
      refusedConnections.inc({ listener });
    },
  };
}
