import type { CubeProviderConfig } from '../config/cube.ts';
import type { Secret } from '../config/secret.ts';
import { hiddenIn } from './hidden.ts';
import type { OutboundRequest } from './send.ts';

/** A request still to be signed with an API key, and what of it must not be logged. */
export interface CubeCall {
  readonly sign: (apiKey: Secret) => OutboundRequest;
  readonly hidden: OutboundRequest['hidden'];
}

/**
 * Builds a call of Cube's embedding API.
 *
 * @param values what the fields hold of a session, and what else of it must not be logged
 */
export function cubeCall(
  { baseUrl, apiKey: apiKeys }: Pick<CubeProviderConfig, 'baseUrl' | 'apiKey'>,
  operation: 'generate-session' | 'session/revoke',
  fields: object,
  values: () => readonly unknown[],
): CubeCall {
  const hidden = (): readonly string[] => hiddenIn(values(), apiKeys);
  const body = JSON.stringify(fields);
  const sign = (apiKey: Secret): OutboundRequest => ({
    method: 'POST',
    path: `${baseUrl.pathname.replace(/\/$/, '')}/api/v1/embed/${operation}`,
    headers: {
      authorization: `Api-Key ${apiKey.reveal()}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
    body,
    hidden,
  });
  return { sign, hidden };
}

/**
 * Builds the call that ends a session and every token exchanged from it.
 *
 * @see https://cube.dev/docs/product/apis-integrations/embed-apis/revoke-session
 */
export function createRevokeSessionRequest(
  config: Pick<CubeProviderConfig, 'baseUrl' | 'apiKey'>,
  sessionId: string,
): CubeCall {
  return cubeCall(config, 'session/revoke', { sessionId }, () => [sessionId]);
}
