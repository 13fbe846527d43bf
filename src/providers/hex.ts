import type { HexEmbedConfig, HexProviderConfig } from '../config/hex.ts';
import type { Secret } from '../config/secret.ts';
import { isPlainText } from '../config/text.ts';
import type { EmbedUrl, MintOrder } from '../gateway/embed.ts';
import { readPresignedUrl } from './hex-answer.ts';
import { claimValues, hiddenIn } from './hidden.ts';
import type { Connect, Provider } from './provider.ts';
import { rateLimitSaid } from './rate-limit-said.ts';
import { createSendSigned } from './send-signed.ts';
import type { OutboundRequest } from './send.ts';

/** Hex: signed embedding by createPresignedUrl. */
export function createHexProvider(config: HexProviderConfig, connect: Connect): Provider {
  const { baseUrl, token: tokens, timeout } = config;
  const way = connect({ origin: baseUrl.origin, timeoutMs: timeout });
  const sendSigned = createSendSigned(way, tokens);
  return {
    kind: 'hex',
    isReachable: way.isReachable,
    close: way.close,
    bind: (embed: HexEmbedConfig) => ({
      takes: (value) => typeof value === 'string' && isPlainText(value),
      prepare: (order) => {
        const build = createPresignedUrlRequest(baseUrl, embed, order);
        return async (grant): Promise<EmbedUrl> => {
          const answer = await sendSigned(build, grant);
          const url = readPresignedUrl(answer, config, () => hiddenIn(valuesIn(order), tokens));
          return {
            url,
            expiresAtMs: Date.now() + embed.expiresIn,
            singleUse: true,
            heeded: rateLimitSaid(answer),
          };
        };
      },
    }),
  };
}

/**
 * Builds the createPresignedUrl call: the documented fields and no others, since Hex ignores what it
 * does not know. `expiresIn` is in milliseconds. `hexUserAttributes` is a string-to-string map.
 *
 * @returns the request still to be signed with a token
 * @see https://learn.hex.tech/docs/api/api-reference#operation/createPresignedUrl
 */
export function createPresignedUrlRequest(
  baseUrl: URL,
  embed: Pick<HexEmbedConfig, 'project' | 'display' | 'expiresIn' | 'scopes'>,
  order: MintOrder,
): (token: Secret) => OutboundRequest {
  const { session, attributes, inputs } = order;
  const scope = [...embed.scopes]
    .filter(([, granted]) => granted?.evaluate(session) === true)
    .map(([name]) => name);
  const body = JSON.stringify({
    hexUserAttributes: Object.fromEntries(attributes),
    scope,
    inputParameters: Object.fromEntries(inputs),
    expiresIn: embed.expiresIn,
    displayOptions: embed.display,
  });
  return (token) => ({
    method: 'POST',
    path: `${baseUrl.pathname.replace(/\/$/, '')}/embedding/createPresignedUrl/${embed.project}`,
    headers: {
      authorization: `Bearer ${token.reveal()}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body,
    hidden: () => hiddenIn(valuesIn(order), [token]),
  });
}

function valuesIn({ attributes, inputs, session }: MintOrder): readonly unknown[] {
  return [...attributes.values(), ...inputs.values(), ...claimValues(session)];
}
