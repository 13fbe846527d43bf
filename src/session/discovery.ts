import { isDowngrade, isSecureUrl } from '../config/urls.ts';
import { KeysUnavailable, type FetchKeyDocument } from './key-server.ts';

/**
 * Asks an issuer where its key set is. Plain http to a loopback host is for an issuer that is on one itself:
 * another program on the gateway's machine must not supply the keys of a public issuer.
 *
 * @throws {KeysUnavailable} also for a document that names another issuer, or no secure address
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 */
export async function discoverKeySet(
  issuer: string,
  fetchDocument: FetchKeyDocument,
  deadline: AbortSignal,
): Promise<URL> {
  const document = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: address } = await fetchDocument(document, deadline);
  if (named !== issuer) throw new KeysUnavailable('the discovery document names another issuer');
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !isSecureUrl(url) || isDowngrade(url, document)) {
    throw new KeysUnavailable('the discovery document has no secure jwks_uri');
  }
  return url;
}
