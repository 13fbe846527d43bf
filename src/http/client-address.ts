import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import { isIP } from 'node:net';

/** All clients whose address nobody knows share one limit: those who were gone before they were looked at. */
const unknownAddress = 'unknown';

/** Networks are given to people by /64 at the least: whoever has one has all its addresses. */
const ipv6PrefixBits = 64;

/**
 * The address that a client's limit counts under: what trusted proxies say of it, else the peer's own.
 *
 * A proxy may add a port, or pass on nonsense that a client wrote; nonsense counts as the proxy itself,
 * so that it makes no new key. IPv4 in IPv6's clothes is IPv4; other IPv6 addresses count by their /64.
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  // fastify's types promise an address, but a socket that was reset has none
  return addressKey(addressIn(ip) ?? socket.remoteAddress);
}

/** The same for a peer that sent no request to read a header of. */
export function addressKey(peer: string | undefined): string {
  const address = addressIn(peer);
  return address === undefined ? unknownAddress : normalizeIP(address, ipv6PrefixBits);
}

function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const withoutPort = /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return isIP(withoutPort) === 0 ? undefined : withoutPort.replace(/%.*$/, '');
}
