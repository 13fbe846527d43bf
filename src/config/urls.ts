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
