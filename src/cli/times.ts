import type { Config, ProviderConfig } from '../config/schema.ts';

/** For what comes before and after a provider's part: the request itself, the issuer's keys, Redis. */
const stopMarginMs = 15_000;

/** Longest time for one answer: the wait for a slot in the budget and the provider's call. */
export function answerMsMax({ providers }: Config): number {
  return Math.max(0, ...[...providers.values()].map(mintMsMax));
}

/** A provider that signs by itself takes no time worth counting. */
function mintMsMax(provider: ProviderConfig): number {
  if (!('timeout' in provider)) return 0;
  return (provider.budget ? provider.queue.maxWait : 0) + provider.timeout;
}

/** Longest time a stop may take; whoever runs the process must give it as much. */
export function stopMsMax(config: Config): number {
  return answerMsMax(config) + stopMarginMs;
}
