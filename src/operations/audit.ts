import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import type { Report } from '../gateway/trail.ts';
import type { Metrics } from './metrics.ts';

/**
 * Writes one line for each mint and each refusal, and counts it.
 *
 * A line names the session's tenant and user and the embed that it found; what a caller merely sent
 * is in none. A refusal that is the operator's to mend (status 500 and up) is a warning.
 */
export function createReport(log: Logger, metrics: Metrics): Report {
  return ({ requestId, startedAt, session, embed, combination }, refusal) => {
    const durationMs = performance.now() - startedAt;
    const code = refusal?.code ?? 'minted';
    metrics.requests.inc({ embed: embed?.name ?? '', code });
    if (!refusal && embed) metrics.requestSeconds.observe({ embed: embed.name }, durationMs / 1000);
    const line = {
      audit: refusal ? 'refusal' : 'mint',
      code,
      embed: embed?.name,
      provider: embed?.provider,
      tenant: session?.tenant,
      user: session?.user,
      combination,
      requestId,
      durationMs: Math.round(durationMs * 10) / 10,
      reason: refusal?.parts.reason,
      policies: refusal?.parts.violatedPolicies,
    };
    if (refusal && refusal.status >= 500) log.warn(line);
    else log.info(line);
  };
}
