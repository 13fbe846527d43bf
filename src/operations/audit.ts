import type { Logger } from 'pino';
import type { Embed } from '../gateway/embed.ts';
import { Refusal } from '../gateway/refusal.ts';
import type { Report } from '../gateway/trail.ts';
import type { Metrics } from './metrics.ts';

/**
 * Writes one line for each mint, each sign-out, each refusal and each caller that did not wait for its
 * turn, and counts it.
 *
 * A line names the session's tenant and user and the embed that it found; what a caller merely sent
 * is in none. A refusal that is the operator's to mend (status 500 and up) is a warning.
 */
export function createReport(log: Logger, metrics: Metrics): Report {
  return ({ act = 'mint', requestId, startedAt, session, embed, combination }, end) => {
    const durationMs = performance.now() - startedAt;
    const refusal = end instanceof Refusal ? end : undefined;
    const { audit, code } = outcomeOf(act, end);
    metrics.requests.inc({ embed: embed?.name ?? '', code });
    if (!end && embed) metrics.requestSeconds.observe({ embed: embed.name }, durationMs / 1000);
    const line = {
      audit,
      code,
      embed: embed?.name,
      provider: embed?.provider,
      issuer: session?.issuer ?? refusal?.parts.issuer,
      tenant: session?.tenant,
      user: session?.user,
      impersonated: session?.impersonated,
      combination,
      requestId,
      durationMs: Math.round(durationMs * 10) / 10,
      reason: refusal?.parts.reason ?? inputReason(refusal, embed),
      violatedPolicies: refusal?.parts.violatedPolicies,
    };
    if (refusal && refusal.status >= 500) log.warn(line);
    else log.info(line);
  };
}

function outcomeOf(
  act: string,
  end: Parameters<Report>[1],
): { readonly audit: string; readonly code: string } {
  if (end instanceof Refusal) return { audit: 'refusal', code: end.code };
  if (end) return { audit: 'abandonment', code: 'caller_gone' };
  return { audit: act, code: act === 'mint' ? 'minted' : 'signed_out' };
}

/** How many inputs do not fit, and which of those that the embed declares: a name of the caller's making stays out. */
function inputReason(refusal: Refusal | undefined, embed: Embed | undefined): string | undefined {
  const errors = refusal?.parts.errors;
  if (errors === undefined) return undefined;
  const declared = errors.map(({ name }) => name).filter((name) => embed?.inputs.has(name) === true);
  const count = `${errors.length} error${errors.length === 1 ? '' : 's'}`;
  return declared.length === 0 ? count : `${count}, of these declared: ${declared.join(', ')}`;
}
