import { expect } from 'vitest';
import type { Claims } from '../../src/config/expressions.ts';
import type { Kind } from '../../src/config/products.ts';
import type { EmbedConfig } from '../../src/config/schema.ts';
import { Secret } from '../../src/config/secret.ts';
import { readInputs, type EmbedRequest } from '../../src/gateway/asked.ts';
import type { Embed, MintOrder } from '../../src/gateway/embed.ts';
import { authorise, mapAttributes } from '../../src/gateway/map.ts';
import { Refusal } from '../../src/gateway/refusal.ts';
import type { Session } from '../../src/gateway/session.ts';
import { parseStrictJson } from '../../src/gateway/strict-json.ts';
import { createProvider } from '../../src/providers/create.ts';
import { createGenerateSessionRequest } from '../../src/providers/cube-session.ts';
import { createPresignedUrlRequest } from '../../src/providers/hex.ts';
import { unsignedUrl } from '../../src/providers/metabase.ts';
import { bindEmbed } from '../../src/providers/provider.ts';
import { createSend } from '../../src/providers/send.ts';
import { cubeBodySchema } from '../support/cube-body.ts';
import { readOne, type Settings } from '../support/one-embed.ts';

/** An embed named `sales` as the gateway would hold it, and its configuration. */
export interface EmbedFields {
  readonly config: EmbedConfig;
  readonly embed: Embed;
  readonly close: () => Promise<void>;
}

/** Reads an embed's settings as the loader does, and binds it to a provider that is never called. */
export function configureEmbed(settings: Settings, kind: Kind = 'hex'): EmbedFields {
  const { provider, embed: config } = readOne(kind, { embed: settings });
  const bound = createProvider(provider, (to) => createSend({ ...to, observe: () => undefined }));
  return { config, embed: bindEmbed('sales', config, bound), close: bound.close };
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

/**
 * What the provider would be sent: for Hex and Cube the body of its call, for Metabase what is signed and the URL
 * around it.
 *
 * @throws {Refusal} what the caller would be told instead
 */
export function sentBody({ config, embed }: EmbedFields, session: Session, request: EmbedRequest): unknown {
  authorise(embed, session);
  const attributes = mapAttributes(embed, session);
  const inputs = readInputs(embed, request);
  const order = { session, attributes, inputs };
  embed.prepare(order);
  return bodyOf(config, order);
}

function bodyOf(config: EmbedConfig, order: MintOrder): unknown {
  const at = new URL('https://analytics.example.com');
  switch (config.kind) {
    case 'hex':
      return JSON.parse(createPresignedUrlRequest(at, config, order)(new Secret('x')).body);
    case 'cube': {
      const cube = { baseUrl: at, deployment: 32, apiKey: [new Secret('x')] };
      const { body } = createGenerateSessionRequest(cube, config, order).sign(new Secret('x'));
      return cubeBodySchema.parse(JSON.parse(body));
    }
    case 'metabase': {
      const { payload, urlWith } = unsignedUrl(at, config, order);
      return { resource: payload.resource, params: payload.params, url: urlWith('TOKEN') };
    }
  }
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
