import { stringify } from 'yaml';
import { readConfig } from '../../src/config/load.ts';
import { headline } from '../../src/config/problems.ts';
import type { Kind } from '../../src/config/products.ts';
import type { EmbedConfig, ProviderConfig } from '../../src/config/schema.ts';

export const hexProject = 'd148ce6e-fc3b-40cb-9bdc-52b02d470061';

/** Secrets as each product has them; two each, for rotations. */
export const secrets = {
  hex: [`hxtw_${'1a'.repeat(48)}`, `hxtw_${'2b'.repeat(48)}`],
  cube: [`ck_${'5e'.repeat(24)}`, `ck_${'6f'.repeat(24)}`],
  metabase: ['9f86d081884c7d659a2feaa0c55ad015', '60303ae22b998861bce3b28f33eec1be'],
} as const satisfies Readonly<Record<Kind, readonly [string, string]>>;

/** The least that a provider and an embed of each kind need; nothing listens at their addresses. */
const least = {
  hex: {
    provider: { token: secrets.hex[0], baseUrl: 'http://127.0.0.1:9/api/v1' },
    embed: { project: hexProject },
  },
  cube: {
    provider: { apiKey: secrets.cube[0], baseUrl: 'http://127.0.0.1:9', deployment: 32 },
    embed: { dashboard: 'pub_7f3a' },
  },
  metabase: {
    provider: { secretKey: secrets.metabase[0], siteUrl: 'https://metabase.example.com' },
    embed: { dashboard: 12 },
  },
} satisfies Readonly<Record<Kind, unknown>>;

export type Settings = Readonly<Record<string, unknown>>;

export interface OneEmbed<K extends Kind> {
  readonly provider: Extract<ProviderConfig, { kind: K }>;
  readonly embed: Extract<EmbedConfig, { kind: K }>;
}

/** A provider and an embed of one kind, read by the real loader. */
export function readOne<K extends Kind>(
  kind: K,
  settings: { readonly provider?: Settings; readonly embed?: Settings } = {},
): OneEmbed<K> {
  const text = stringify({
    sessions: [
      {
        issuer: 'x',
        audience: 'x',
        keys: { secret: 'Zc4-kT9!vQ2_mW7+xB5=rN8.hJ3,pL6;' },
        tenant: 'claims.org',
      },
    ],
    providers: { one: { kind, ...least[kind].provider, ...settings.provider } },
    embeds: { sales: { provider: 'one', ...least[kind].embed, ...settings.embed } },
  });
  const loaded = readConfig('gateway.yaml', text, {});
  if (!loaded.ok) throw new Error(loaded.problems.map(headline).join('\n'));
  const provider = loaded.config.providers.get('one');
  const embed = loaded.config.embeds.get('sales');
  if (provider?.kind !== kind || embed?.kind !== kind) throw new Error('the loader lost an entry');
  return { provider, embed } as OneEmbed<K>;
}
