import { Refusal } from '../gateway/refusal.ts';
import type { Credentials } from '../gateway/session.ts';

/**
 * Holds a request against the origins that may call.
 *
 * A request that names an origin must name an allowed one, whatever carries its session. A cookie is
 * sent by the browser on any site's behalf, so a cookie session must moreover show where it comes
 * from: by `Origin`, by the `Referer` of a frame's navigation, or by `Sec-Fetch-Site` saying that it
 * is the gateway's own page or the reader's own doing.
 *
 * @throws {Refusal} `origin_denied`
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function checkOrigin(
  credentials: Credentials,
  { allowedOrigins, isCookie }: { readonly allowedOrigins: ReadonlySet<string>; readonly isCookie: boolean },
): void {
  const { origin, referer, fetchSite } = credentials;
  const claimed = origin ?? (isCookie ? originOf(referer) : undefined);
  if (claimed !== undefined && (allowedOrigins.has(claimed) || isOwnOrigin(claimed, credentials))) return;
  if (origin === undefined) {
    if (!isCookie || fetchSite === 'same-origin' || fetchSite === 'none') return;
  }
  throw new Refusal('origin_denied', { reason: reasonFor(credentials) });
}

function isOwnOrigin(claimed: string, { host, fetchSite }: Credentials): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin') return false;
  const { protocol, host: own } = URL.canParse(claimed) ? new URL(claimed) : { protocol: '', host: '' };
  return ['http:', 'https:'].includes(protocol) && own === host;
}

function originOf(referer: string | undefined): string | undefined {
  return referer !== undefined && URL.canParse(referer) ? new URL(referer).origin : undefined;
}

function reasonFor({ origin, referer, fetchSite }: Credentials): string {
  if (origin !== undefined) return 'Origin is not among listen.allowedOrigins';
  if (referer !== undefined) return 'Referer is not among listen.allowedOrigins';
  return fetchSite === undefined ? 'no Origin, Referer or Sec-Fetch-Site' : 'no Origin or Referer';
}
