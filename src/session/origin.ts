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

/** Compared with what browsers write: an origin has one form, and a parser would take many for it. */
function isOwnOrigin(claimed: string, { host = '', fetchSite }: Credentials): boolean {
  if (fetchSite !== undefined && fetchSite !== 'same-origin') return false;
  return host !== '' && [`https://${host}`, `http://${host}`].includes(claimed);
}

/**
 * The origin of a page that a referer names as browsers write it: an http(s) URL without user. A parser
 * finds an origin in a `blob:` too, and in much else that no page has.
 *
 * @see https://www.w3.org/TR/referrer-policy/#strip-url
 */
function originOf(referer: string | undefined): string | undefined {
  if (referer === undefined || !URL.canParse(referer)) return undefined;
  const { origin, protocol } = new URL(referer);
  const isPage = protocol === 'https:' || protocol === 'http:';
  return isPage && (referer === origin || referer.startsWith(`${origin}/`)) ? origin : undefined;
}

function reasonFor({ origin, referer, fetchSite }: Credentials): string {
  if (origin !== undefined) return 'Origin is not among listen.allowedOrigins';
  if (referer !== undefined) return 'Referer is not among listen.allowedOrigins';
  return fetchSite === undefined ? 'no Origin, Referer or Sec-Fetch-Site' : 'no Origin or Referer';
}
