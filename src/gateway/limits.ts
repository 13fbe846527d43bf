import { createHash } from 'node:crypto';
import { formatDuration } from '../config/duration.ts';
import type { LimitsConfig, WindowConfig } from '../config/limits.ts';
import type { AdmissionRequest, Policy } from './admission.ts';
import type { Embed } from './embed.ts';
import type { Session } from './session.ts';

/**
 * What a session's request for an embed is admitted by: the windows of its user and those of the first
 * tenant rule that applies, and its tenant's share of the budget. A rule whose `when` fails does not
 * apply; the last one has none and always does.
 */
export function admissionFor(
  limits: Pick<LimitsConfig, 'user' | 'tenant'>,
  session: Session,
  embed: Pick<Embed, 'name' | 'provider'>,
): AdmissionRequest {
  const rule = limits.tenant.find(({ when }) => when === undefined || when.evaluate(session) === true);
  return {
    provider: embed.provider,
    policies: [
      ...userPolicies(limits, session),
      ...named('tenant', tenantSubject(session), rule?.allow ?? []),
    ],
    tenant: tenantSubject(session),
    owner: userSubject(session),
    embed: embed.name,
    weight: rule?.weight ?? 1,
    // whoever waits in more places than it may be granted in a window only keeps others from them
    placesMax: Math.min(...limits.user.map(({ max }) => max)),
  };
}

/** The windows of a session's user, whatever the request is for. */
export function userPolicies({ user }: Pick<LimitsConfig, 'user'>, session: Session): readonly Policy[] {
  return named('user', userSubject(session), user);
}

/** A digest that tells tenants apart without naming them; two issuers never share one. */
export function tenantSubject({ issuer, tenant }: Session): string {
  return subjectOf(issuer, tenant);
}

/** A digest of the user, which names neither it nor its tenant. */
export function userSubject({ issuer, tenant, user }: Session): string {
  return subjectOf(issuer, tenant, user);
}

function subjectOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function named(name: string, subject: string, windows: readonly WindowConfig[]): readonly Policy[] {
  return windows.map(({ max, per }) => ({
    name: windows.length === 1 ? name : `${name}-${formatDuration(per)}`,
    subject,
    max,
    perMs: per,
  }));
}
