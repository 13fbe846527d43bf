import { normalizeIP } from '@fastify/rate-limit';
import { isIP } from 'node:net';

export interface AllowedHosts {
  /** The address that the listener is bound to, as configured. */
  readonly host: string;
  /** Further names, with a port or without. */
  readonly allowedHosts: readonly string[];
}

/**
 * Whether a request may give this `Host`. A page whose name was bound to our address has its own name
 * there, which an IP address never is: so the address that was reached passes, and loopback.
 *
 * @param host the header as it stands
 * @param localAddress the address of the socket on our side
 */
export function isAllowedHost(
  host: string | undefined,
  localAddress: string | undefined,
  { host: boundHost, allowedHosts }: AllowedHosts,
): boolean {
  const [, written = '', name = written] =
    /^((?:\[([\d.:A-Fa-f]+)\]|[\w.-]+))(?::\d{1,5})?$/.exec(host ?? '') ?? [];
  if (written === '') return false;
  const known = [host, written].map((text) => text?.toLowerCase());
  if (allowedHosts.some((allowed) => known.includes(allowed.toLowerCase()))) return true;
  if (name.toLowerCase() === 'localhost' || sameHost(name, boundHost)) return true;
  return isIP(name) !== 0 && (isLoopback(name) || sameHost(name, localAddress));
}

function isLoopback(address: string): boolean {
  const canonical = canonicalAddress(address);
  return canonical === '::1' || (isIP(canonical) === 4 && canonical.startsWith('127.'));
}

function sameHost(name: string, other: string | undefined): boolean {
  return other !== undefined && canonicalAddress(name) === canonicalAddress(other);
}

/** One form of each IP address; a name in small letters. */
function canonicalAddress(host: string): string {
  return isIP(host) === 0 ? host.toLowerCase() : normalizeIP(host.replace(/%.*$/, ''), 128);
}
