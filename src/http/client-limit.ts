import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { LimitsConfig } from '../config/limits.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Report } from '../gateway/trail.ts';
import { clientAddress } from './client-address.ts';
import type { TakeClient } from './malformed.ts';

const clientAddressesMax = 50_000;

/** The limit per client address, counted before a token is looked at. */
export interface ClientLimit {
  /** Counts what never reaches a route: malformed requests and preflights. */
  readonly take: TakeClient;
  /** Counts every request of the routes that are added after it. */
  readonly register: (app: FastifyInstance, report: Report) => Promise<void>;
}

/** One count for all requests of an address, whether they reach a route or not. */
export function createClientLimit({ max, per: perMs }: LimitsConfig['client']): ClientLimit {
  const windows = new LRUCache<string, { count: number; readonly endsAtMs: number }>({
    max: clientAddressesMax,
  });
  const count = (address: string): { readonly current: number; readonly ttl: number } => {
    const nowMs = performance.now();
    const known = windows.get(address);
    const window = known && known.endsAtMs > nowMs ? known : { count: 0, endsAtMs: nowMs + perMs };
    if (window !== known) windows.set(address, window);
    window.count += 1;
    return { current: window.count, ttl: window.endsAtMs - nowMs };
  };
  const refusalAfter = (retryAfterMs: number): Refusal =>
    new Refusal('rate_limited', {
      policies: [{ name: 'client', max, perMs, remaining: 0, resetMs: retryAfterMs }],
      violatedPolicies: ['client'],
      retryAfterMs,
    });
  /** The form that the plugin wants of what counts for it. */
  class Store {
    incr(address: string, done: (error: null, counted: ReturnType<typeof count>) => void): void {
      done(null, count(address));
    }
    child(): this {
      return this;
    }
  }

  return {
    take: (address) => {
      const { current, ttl } = count(address);
      return current > max ? refusalAfter(ttl) : undefined;
    },
    register: async (app, report) => {
      await app.register(rateLimit, {
        max,
        timeWindow: perMs,
        store: Store,
        keyGenerator: clientAddress,
        addHeaders: noHeaders,
        addHeadersOnExceeding: noHeaders,
        errorResponseBuilder: (request, { ttl }) => {
          const refusal = refusalAfter(ttl);
          report({ requestId: request.id, startedAt: performance.now() }, refusal);
          return refusal;
        },
      });
    },
  };
}

/** The plugin writes an older draft's headers; rate-limit-fields.ts writes the current one's. */
const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false,
};
