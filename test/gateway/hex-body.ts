import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { Claims } from '../../src/config/expressions.ts';
import type { HexEmbedConfig, HexProviderConfig } from '../../src/config/hex.ts';
import { readConfig } from '../../src/config/load.ts';
import { headline } from '../../src/config/problems.ts';
import { Secret } from '../../src/config/secret.ts';
import { readInputs, type EmbedRequest } from '../../src/gateway/asked.ts';
import type { Embed } from '../../src/gateway/embed.ts';
import { authorise, mapAttributes } from '../../src/gateway/map.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { Session } from '../../src/gateway/session.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import { createHexProvider, createPresignedUrlRequest } from '../../src/providers/hex.ts';
import { bindEmbed } from '../../src/providers/provider.ts';
import { createSend } from '../../src/providers/send.ts';

/** An embed named `sales` as the gateway would hold it. */
export interface EmbedFields {
  readonly config: HexEmbedConfig;
  readonly provider: HexProviderConfig;
  readonly embed: Embed;
  readonly close: () => Promise<void>;
}

/** Reads an embed's settings as the loader does, and binds it to a Hex provider that is never called. */
export function configureEmbed(settings: Readonly<Record<string, unknown>>): EmbedFields {
  const text = stringify({
    sessions: [{ issuer: 'x', audience: 'x', keys: { secret: '-'.repeat(32) }, tenant: 'claims.org' }],
    providers: { hex: { kind: 'hex', token: 'x', baseUrl: 'http://127.0.0.1:9/api/v1' } },
    embeds: { sales: { provider: 'hex', project: 'd148ce6e-fc3b-40cb-9bdc-52b02d470061', ...settings } },
  });
  const loaded = readConfig('gateway.yaml', text, {});
  if (!loaded.ok) throw new Error(loaded.problems.map(headline).join('\n'));
  const config = loaded.config.embeds.get('sales');
  const provider = loaded.config.providers.get('hex');
  if (!config || !provider) throw new Error('the configuration lost its embed');
  const bound = createHexProvider(provider, (to) => createSend({ ...to, observe: () => undefined }));
  return { config, provider, embed: bindEmbed('sales', config, bound), close: bound.close };
}

export function sessionWith(
  claims: Readonly<Record<string, unknown>>,
  tenant = 'acme',
  user = 'ann',
): Session {
  const { value, fault } = parseStrictJson(JSON.stringify(claims));
  expect(fault).toBeUndefined();
  return { issuer: 'https://login.example.com/', tenant, user, claims: value as Claims };
}

/** The body that Hex would be sent. @throws {Refusal} what the caller would be told instead */
export function bodyForHex(
  { config, provider, embed }: EmbedFields,
  session: Session,
  request: EmbedRequest,
): unknown {
  authorise(embed, session);
  const attributes = mapAttributes(embed, session);
  const inputs = readInputs(embed, request);
  const order = { session, attributes, inputs };
  embed.prepare(order);
  const { body } = createPresignedUrlRequest(provider.baseUrl, config, order)(new Secret('x'));
  return JSON.parse(body);
}

export function refusalOf(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('was not refused');
}
