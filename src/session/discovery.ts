import { isSecureUrl } from '../config/urls.ts';
import { KeysUnavailable, type FetchKeyDocument } from './key-server.ts';

/**
 * Asks an issuer where its key set is.
 *
 * @throws {KeysUnavailable} also for a document that speaks for another issuer, or names no secure address
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 */
export async function discoverKeySet(
  issuer: string,
  fetchDocument: FetchKeyDocument,
  deadline: AbortSignal,
): Promise<URL> {
  const { issuer: named, jwks_uri: address } = await fetchDocument(
    new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
    deadline,
  );
  if (named !== issuer) throw new KeysUnavailable('the discovery document names another issuer');
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !isSecureUrl(url)) throw new KeysUnavailable('the discovery document has no secure jwks_uri');
  return url;
}
