import type { BudgetRules } from '../admission/rules.ts';
import type { Config } from '../config/schema.ts';
import type { Embed } from '../gateway/embed.ts';
import type { Metrics } from '../operations/metrics.ts';
import { createProvider } from '../providers/create.ts';
import { bindEmbed, type Provider } from '../providers/provider.ts';
import { createSend } from '../providers/send.ts';

export function createProviders(config: Config, metrics: Metrics): ReadonlyMap<string, Provider> {
  return new Map(
    [...config.providers].map(([name, one]) => {
      const observe = (outcome: string, durationMs: number): void => {
        metrics.providerCalls.inc({ provider: name, outcome });
        metrics.providerSeconds.observe({ provider: name }, durationMs / 1000);
      };
      return [name, createProvider(one, (to) => createSend({ ...to, observe }))];
    }),
  );
}

export function bindEmbeds(
  config: Config,
  providers: ReadonlyMap<string, Provider>,
): ReadonlyMap<string, Embed> {
  return new Map(
    [...config.embeds].map(([name, embed]) => [
      name,
      bindEmbed(name, embed, find(providers, embed.provider)),
    ]),
  );
}

/** The rules of the providers that have a budget. */
export function budgetRules({ providers }: Config): ReadonlyMap<string, BudgetRules> {
  const rules = new Map<string, BudgetRules>();
  for (const [name, provider] of providers) {
    if (!('budget' in provider) || !provider.budget) continue;
    const { budget, queue, timeout } = provider;
    rules.set(name, {
      budget: { max: budget.max, perMs: budget.per, callMsMax: timeout },
      queue: { maxWaitMs: queue.maxWait, maxLength: queue.maxLength },
    });
  }
  return rules;
}

function find(providers: ReadonlyMap<string, Provider>, name: string): Provider {
  const provider = providers.get(name);
  if (!provider) throw new TypeError(`no provider ${name}`); // the loader has checked it
  return provider;
}
