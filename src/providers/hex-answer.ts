import type { HexProviderConfig } from '../config/hex.ts';
import { isDowngrade, isSecureUrl } from '../config/urls.ts';
import { fieldsOf } from '../gateway/json-object.ts';
import { Refusal } from '../gateway/refusal.ts';
import { refusedAnswer } from './refused-answer.ts';
import type { Answer } from './send.ts';
import { isAllowedHost } from './url-hosts.ts';
import { isTooLong } from './url-length.ts';

/**
 * Reads the answer of createPresignedUrl: 200 with `{"url"}`, else a refusal whose reason is for the log.
 *
 * The URL must be https (http to a loopback host, when the API is on one too), on an allowed host, without
 * user or password, in plain characters and no longer than 8192 of them.
 *
 * @param hidden gives the values that must not appear in the reason
 * @throws {Refusal} `provider_misconfigured`, `provider_busy`, `provider_unavailable`
 */
export function readPresignedUrl(
  answer: Answer,
  { baseUrl, urlHosts }: Pick<HexProviderConfig, 'baseUrl' | 'urlHosts'>,
  hidden: () => readonly string[],
): string {
  if (answer.status !== 200) throw refusedAnswer(answer, hidden);
  const url = urlIn(answer.text);
  if (!url || !isSecureUrl(url) || isDowngrade(url, baseUrl) || !isAllowedHost(url, urlHosts)) {
    throw new Refusal('provider_unavailable', { reason: 'status 200 without a usable URL' });
  }
  return url.href;
}

/** Visible ASCII without `\`: a browser drops or changes other characters before it looks for the host. */
const plainUrl = /^[!-[\]-~]+$/;
/** An empty one too: the parsed URL does not tell it. */
const withUser = /^[^/?#]*\/\/[^/?#]*@/;

function urlIn(text: string): URL | undefined {
  const { url } = fieldsOf(text);
  if (typeof url !== 'string' || !plainUrl.test(url) || withUser.test(url) || !URL.canParse(url)) {
    return undefined;
  }
  const parsed = new URL(url);
  return isTooLong(url) || isTooLong(parsed.href) ? undefined : parsed;
}
