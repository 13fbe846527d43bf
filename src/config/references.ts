import type { ProblemList } from './problems.ts';

/**
 * What one entry says of another, checked on the raw values, so that it is reported together with
 * problems of shape elsewhere in the file.
 */
export function checkReferences(raw: unknown, problems: ProblemList): void {
  const { providers, embeds, sessions } = record(raw);
  const known = record(providers);
  for (const [embed, value] of Object.entries(record(embeds))) {
    const { provider } = record(value);
    if (typeof provider === 'string' && !Object.hasOwn(known, provider)) {
      const names = Object.keys(known).join(', ');
      problems.add({ path: ['embeds', embed, 'provider'] }, `names no provider; there are: ${names}`);
    }
  }
  const issuers = new Set<string>();
  for (const [index, session] of (Array.isArray(sessions) ? sessions : []).entries()) {
    const { issuer } = record(session);
    if (typeof issuer !== 'string') continue;
    if (issuers.has(issuer)) {
      problems.add({ path: ['sessions', index, 'issuer'] }, 'stands in an earlier entry too');
    }
    issuers.add(issuer);
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
