import { createHash } from 'node:crypto';
import { formatDuration } from '../config/duration.ts';
import type { LimitsConfig, WindowConfig } from '../config/limits.ts';
import type { Policy } from './admission.ts';
import type { Session } from './session.ts';

/**
 * The windows that a session is counted in: its user's, and those of the first tenant rule that
 * applies. A rule whose `when` fails does not apply; the last one has none and always does.
 */
export function policiesFor(limits: LimitsConfig, session: Session): readonly Policy[] {
  const rule = limits.tenant.find(({ when }) => when === undefined || when.evaluate(session) === true);
  return [
    ...named('user', subjectOf(session.issuer, session.tenant, session.user), limits.user),
    ...named('tenant', tenantSubject(session), rule?.allow ?? []),
  ];
}

/** A digest that tells tenants apart without naming them; two issuers never share one. */
export function tenantSubject({ issuer, tenant }: Session): string {
  return subjectOf(issuer, tenant);
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
