import type { PolicyState } from '../gateway/admission.ts';

/**
 * The `RateLimit-Policy` and `RateLimit` fields: lists of quoted names with quota `q` and window `w`,
 * and what remains `r` and seconds until there is more `t`.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitFields(policies: readonly PolicyState[]): Readonly<Record<string, string>> {
  if (policies.length === 0) return {};
  const seconds = (ms: number): number => Math.ceil(ms / 1000);
  const list = (write: (policy: PolicyState) => string): string => policies.map(write).join(', ');
  return {
    'ratelimit-policy': list(({ name, max, perMs }) => `"${name}";q=${max};w=${seconds(perMs)}`),
    ratelimit: list(({ name, remaining, resetMs }) => `"${name}";r=${remaining};t=${seconds(resetMs)}`),
  };
}
