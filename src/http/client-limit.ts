import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { LimitsConfig } from '../config/limits.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Report } from '../gateway/trail.ts';
import { clientAddress } from './client-address.ts';

const clientAddressesMax = 50_000;

/** The limit per client address, counted before a token is looked at. */
export async function addClientLimit(
  app: FastifyInstance,
  { max, per: perMs }: LimitsConfig['client'],
  report: Report,
): Promise<void> {
  await app.register(rateLimit, {
    max,
    timeWindow: perMs,
    cache: clientAddressesMax,
    keyGenerator: clientAddress,
    addHeaders: noHeaders,
    addHeadersOnExceeding: noHeaders,
    errorResponseBuilder: (request, { ttl }) => {
      const refusal = new Refusal('rate_limited', {
        policies: [{ name: 'client', max, perMs, remaining: 0, resetMs: ttl }],
        violatedPolicies: ['client'],
        retryAfterMs: ttl,
      });
      report({ requestId: request.id, startedAt: performance.now() }, refusal);
      return refusal;
    },
  });
}

/** The plugin writes an older draft's headers; rate-limit-fields.ts writes the current one's. */
const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
  'retry-after': false,
};
