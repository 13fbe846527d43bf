import type { HexEmbedConfig, HexProviderConfig } from '../config/hex.ts';
import type { Secret } from '../config/secret.ts';
import { isPlainText } from '../config/text.ts';
import type { EmbedUrl, MintOrder } from '../gateway/embed.ts';
import { readPresignedUrl } from './hex-answer.ts';
import type { Provider } from './provider.ts';
import { rateLimitSaid } from './rate-limit-said.ts';
import type { Answer, OutboundRequest, Send } from './send.ts';

/** Hex: signed embedding by createPresignedUrl. */
export function createHexProvider(
  config: HexProviderConfig,
  { open, send, isReachable, close }: Send,
): Provider {
  /** The one that last worked comes first. */
  let tokens: readonly Secret[] = config.token;

  /**
   * Sends with one token, and with the next when Hex answers 401, within one deadline. A call with a token that Hex does not know cannot be counted for the workspace, so the second needs no
   * other place in the budget.
   */
  async function sendSigned(
    build: (token: Secret) => OutboundRequest,
    grant: Parameters<Send['open']>[0],
  ): Promise<Answer> {
    const call = open(grant);
    let unknown: Answer | undefined;
    for (const token of tokens) {
      const answer = await send(build(token), call);
      if (answer.status !== 401) {
        tokens = [token, ...tokens.filter((other) => other !== token)];
        return answer;
      }
      unknown = answer;
    }
    if (unknown) return unknown;
    throw new TypeError('no token'); // the loader has checked it
  }

  return {
    kind: 'hex',
    isReachable,
    close,
    bind: (embed) => ({
      takes: (value) => typeof value === 'string' && isPlainText(value),
      prepare: (order) => {
        const build = createPresignedUrlRequest(config.baseUrl, embed, order);
        return async (grant): Promise<EmbedUrl> => {
          const answer = await sendSigned(build, grant);
          const url = readPresignedUrl(answer, config, hiddenIn(order, config.token));
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
    hidden: hiddenIn(order, [token]),
  });
}

/** All that must not be logged when Hex repeats it: tokens, attributes, inputs. */
function hiddenIn({ attributes, inputs }: MintOrder, tokens: readonly Secret[]): readonly string[] {
  const values = [...attributes.values(), ...inputs.values()].map(String);
  return [...tokens.map((token) => token.reveal()), ...values, ...values.flatMap(wordsIn)];
}

/** The parts of a value: a provider may repeat one element of a list. */
function wordsIn(value: string): readonly string[] {
  return value.split(/[^\p{L}\p{N}]+/u);
}
