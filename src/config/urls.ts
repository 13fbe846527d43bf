import { isIPv4 } from 'node:net';

/** True for hosts that only this machine answers: plain http is allowed between those alone. */
function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    (isIPv4(host) && host.startsWith('127.'))
  );
}

/** True for https, and for http to a loopback host; never for a URL that carries a user or password. */
export function isSecureUrl(url: URL): boolean {
  const schemeIsSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  return schemeIsSafe && url.username === '' && url.password === '';
}

/**
 * True where an answer leads from https to anything less: plain http is for an answer that came over it,
 * between loopback hosts.
 *
 * @param source where the answer that names the URL came from
 */
export function isDowngrade(url: URL, source: URL): boolean {
  return url.protocol !== 'https:' && source.protocol === 'https:';
}

/** A scheme, two slashes, a host without escapes, and what follows it: visible ASCII without a backslash. */
const plainUrl = /^[a-z]+:\/\/[^/?#%]+(?:[/?#].*)?$/;
const plainCharacters = /^[\x21-\x5b\x5d-\x7e]+$/;

/**
 * Reads a URL that the parser need not mend. It leaves out tabs, line breaks and blanks, reads backslashes as
 * slashes and does without slashes, so the text that was looked at would not be the address that is called.
 * A host in another script is written in its ASCII form, since many look alike.
 *
 * @returns undefined for what is no such URL
 */
export function parseUrl(text: string): URL | undefined {
  const isPlain = plainCharacters.test(text) && plainUrl.test(text);
  return isPlain && URL.canParse(text) ? new URL(text) : undefined;
}
