import type { EmbedConfig } from '../config/schema.ts';
import type { Embed } from '../gateway/embed.ts';
import type { Send, SendOptions } from './send.ts';

/**
 * One configured product. An embed is bound to it once, at start: what the provider takes as an
 * attribute, and how it prepares a mint.
 */
export interface Provider {
  readonly kind: EmbedConfig['kind'];
  /** Given embeds of its own kind alone, see {@link bindEmbed}. */
  bind(embed: EmbedConfig): Pick<Embed, 'takes' | 'prepare' | 'entity'>;
  /**
   * Ends what was opened at the product, by what {@link EmbedUrl.revocable} named; doing so again is no
   * failure. Left out where nothing can be ended.
   *
   * @throws {Refusal} a `provider_*` code: it has to be tried again
   */
  readonly end?: (id: string) => Promise<void>;
  /** False while its circuit is open: calls are refused without being sent. */
  readonly isReachable: () => boolean;
  readonly close: () => Promise<void>;
}

/** Opens the way out to a provider; one that signs by itself never asks for it. */
export type Connect = (to: Pick<SendOptions, 'origin' | 'timeoutMs'>) => Send;

/** The parts of an embed that every product shares, and its provider's own. */
export function bindEmbed(name: string, config: EmbedConfig, provider: Provider): Embed {
  // the loader has checked it
  if (config.kind !== provider.kind) throw new TypeError(`${name} is no embed of ${provider.kind}`);
  return {
    name,
    title: config.title ?? name,
    provider: config.provider,
    kind: provider.kind,
    allow: config.allow,
    attributes: config.attributes,
    inputs: config.inputs,
    combination: config.combination,
    freshnessMs: config.freshness,
    ...provider.bind(config),
  };
}
